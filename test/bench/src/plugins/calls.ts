import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createContext } from '@shiplog/contracts';
import { instantiate, type PluginDefinition } from '@shiplog/driver-kit';
import { startGuest } from '@shiplog/driver-kit/isolation';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { type Series, summarize } from '../measure.ts';

/** Milliseconds of a call inline, in a worker, and in a process. */
export async function callTimes(plugin: string, count: number): Promise<{ readonly [where: string]: Series }> {
  const directory = await mkdtemp(join(tmpdir(), 'calls-'));
  const services = createTestServices({ stateDir: directory, runDir: directory });
  const module = pathToFileURL(join(plugin, 'driver.ts')).href;
  const kernel = import.meta.resolve('@shiplog/kernel-linux');
  const volume = { name: 'data', driver: 'hot', path: '/nowhere', options: {} };
  const context = () => createContext({ op: randomBytes(8).toString('hex'), signal: new AbortController().signal });
  const results: Record<string, Series> = {};
  try {
    const { default: definition }: { readonly default: PluginDefinition } = await import(module);
    const [first] = definition.drivers;
    if (first === undefined) throw new Error('the plugin has no driver');
    const driver = instantiate(first, services).driver as { create(args: object, ctx: object): Promise<unknown> };
    results['inline'] = await series(count, () => driver.create(volume, context()));
    for (const isolation of ['worker', 'process'] as const) {
      const host = { note: () => undefined, printed: () => undefined, log: services.log, patienceMs: 5000, socketDirectory: directory };
      const guest = await startGuest({ isolation, module, kernel }, host);
      guest.connection.welcome({ 'volume/hot': { home: services.home, options: {} } });
      results[isolation] = await series(count, () => guest.connection.call('volume/hot', 'create', volume, context()));
      guest.kill();
      await guest.exited;
    }
    return results;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function series(count: number, call: () => Promise<unknown>): Promise<Series> {
  for (let index = 0; index < 200; index += 1) await call();
  const samples: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const began = performance.now();
    await call();
    samples.push(performance.now() - began);
  }
  return summarize(samples);
}
