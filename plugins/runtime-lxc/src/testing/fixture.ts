import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runtimeFixture } from '@shiplog/conmon/testing';
import type { RuntimeFixture } from '@shiplog/conformance/runtime';
import type { RuntimeDriver } from '@shiplog/contracts';
import { instantiate } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from '../index.ts';

const kernel = createKernel();

/** A driver whose state and run directories are in `home`. */
export function construct(home: string): RuntimeDriver {
  const [definition] = plugin.drivers;
  if (definition === undefined) throw new Error('the plugin defines no driver');
  const services = createTestServices({ kernel, stateDir: join(home, 'state'), runDir: join(home, 'run') });
  return instantiate(definition, services).driver as RuntimeDriver;
}

export function fixture(): Promise<RuntimeFixture> {
  return runtimeFixture({
    runtime: 'lxc',
    construct,
    setsLimits: false,
    caller: fileURLToPath(new URL('call.script.js', import.meta.url)),
  });
}

/** Whether the driver can run here. */
export async function probe(): Promise<{ readonly usable: boolean; readonly reason?: string }> {
  const services = createTestServices({ kernel, stateDir: '/nonexistent', runDir: '/nonexistent' });
  return (await plugin.drivers[0]?.probe?.(services)) ?? { usable: false, reason: 'the plugin defines no driver' };
}
