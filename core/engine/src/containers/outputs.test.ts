import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LogDriver, Vault } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';
import { CALLER, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('outputs');

test('given a container that ended, when it is removed while its secrets are read for its log driver, then that is told to open nothing afterwards', async () => {
  const world = new SimWorld();
  const sim = world.drivers();
  const told: string[] = [];
  const tell = (verb: string) => async (): Promise<Record<string, never>> => {
    told.push(verb);
    return {};
  };
  const log: LogDriver = { ...sim.get('log', 'sim'), open: tell('open'), close: tell('close'), remove: tell('remove') };
  const vault = sim.get('vault', 'sim');
  const [asked, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let holds = false;
  const slow: Vault = {
    ...vault,
    async get(ref) {
      const value = await vault.get(ref);
      if (holds) {
        asked.resolve();
        await read.promise;
      }
      return value;
    },
  };
  const drivers: Drivers = {
    list: () => sim.list().map((one) => (one.kind === 'log' ? { ...one, capabilities: { ...one.capabilities, spool: true } } : one)),
    get: (kind, name) => (kind === 'log' ? log : kind === 'vault' ? slow : sim.get(kind, name)) as never,
  };
  const engine = await simEngine(world, new SimDisk(), drivers);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { spec: simSpec({ cmd: ['look', '--password=canary-9'] }) }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  holds = true;
  world.exit(id, 0);
  await asked.promise;
  await engine.execute('container.remove', { container: id, force: false, volumes: false }, CALLER);
  read.resolve();
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.is(told.indexOf('open', told.indexOf('remove')), -1, told.join());
  assert.ok(told.includes('remove'));
  await engine.stop('test');
});

test.run();
