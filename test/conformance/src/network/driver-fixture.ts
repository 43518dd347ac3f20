import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kernel, NetworkDriver } from '@shiplog/contracts';
import { instantiate, type PluginDefinition } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import type { NetworkFixture } from './lab.ts';
import { layWire } from './wire.ts';

/** What a plugin's first driver is tested with. */
export interface DriverFixtureOptions {
  /** Lay a wire, and give it to each network as its parent. */
  readonly wired?: boolean;
  /** Options of the driver. */
  readonly options?: { readonly [name: string]: string };
  /** Options of each network. */
  readonly networkOptions?: { readonly [name: string]: string };
}

/** A fixture of the first driver of `plugin`, on a private directory. */
export async function driverFixture(
  plugin: PluginDefinition,
  kernel: Kernel,
  { wired = false, options = {}, networkOptions = {} }: DriverFixtureOptions = {},
): Promise<NetworkFixture> {
  const [definition] = plugin.drivers;
  if (definition === undefined) throw new Error('the plugin defines no driver');
  const home = await mkdtemp(join(tmpdir(), 'shiplog-network-'));
  const construct = async (engineId: string): Promise<NetworkDriver> => {
    const [stateDir, runDir] = [join(home, engineId, 'state'), join(home, engineId, 'run')];
    for (const directory of [stateDir, runDir]) await mkdir(directory, { recursive: true });
    return instantiate(definition, createTestServices({ kernel, engineId, stateDir, runDir, options })).driver as NetworkDriver;
  };
  const [engine, other] = ['a'.repeat(12), 'b'.repeat(12)] as const;
  const wire = wired ? await layWire(kernel, home) : undefined;
  return {
    driver: await construct(engine),
    kernel,
    scratch: home,
    runDir: join(home, engine, 'run'),
    options: networkOptions,
    ...(wire === undefined ? {} : { wire, boot: wire.lay }),
    restart: () => construct(engine),
    stranger: () => construct(other),
    async cleanup() {
      await wire?.remove();
      await rm(home, { recursive: true, force: true });
    },
  };
}
