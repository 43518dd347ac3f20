import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DriverInfo, type DriverKind, type PluginControl, type Projection, ShiplogError } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import type { Drivers } from '../ports.ts';
import { CALLER, eventsOf, SimDisk, simEngine } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('plugins of the engine');

/** The simulated world with one more driver, of plugin `extra`. */
function withDriver(kind: DriverKind, name: string, driver: object): Drivers {
  const drivers = new SimWorld().drivers();
  const info: DriverInfo = { kind, name, capabilities: {}, needs: {}, doc: '', plugin: 'extra', probe: { usable: true } };
  return {
    get: (asked, named) => (asked === kind && named === name ? (driver as never) : drivers.get(asked, named)),
    list: () => [...drivers.list(), info],
  };
}

const VOLUMES = {
  observe: async () => [],
  create: async () => ({}),
  publish: async () => ({ path: '/p' }),
  unpublish: async () => ({}),
  remove: async () => ({}),
};
const volume = (name: string) => ({ name, driver: 'extra', options: {}, labels: {} });

test('given a plugin, when it is disabled, then its drivers are unavailable, also after a restart, until it is enabled', async () => {
  const disk = new SimDisk();
  const drivers = withDriver('volume', 'extra', VOLUMES);
  const engine = await simEngine(new SimWorld(), disk, drivers);
  await engine.execute('plugin.disable', { plugin: 'extra' }, CALLER);
  assert.is(await codeOf(engine.execute('volume.create', volume('data'), CALLER)), 'DRIVER_UNAVAILABLE');
  assert.is(await codeOf(engine.execute('plugin.reload', { plugin: 'extra' }, CALLER)), 'DRIVER_UNAVAILABLE');
  assert.equal((await engine.info()).drivers.find(({ plugin }) => plugin === 'extra')?.probe, {
    usable: false,
    reason: 'its plugin is disabled',
  });
  await engine.stop('test');
  const next = await simEngine(new SimWorld(), disk, drivers);
  assert.is(await codeOf(next.execute('volume.create', volume('data'), CALLER)), 'DRIVER_UNAVAILABLE');
  await next.execute('plugin.enable', { plugin: 'extra' }, CALLER);
  assert.is(await codeOf(next.execute('volume.create', volume('data'), CALLER)), 'none');
  const types = (await eventsOf(next)).map(({ type, stream }) => `${type} ${stream}`).filter((text) => text.startsWith('plugin.'));
  assert.ok(types.includes('plugin.disable.succeeded plugin/extra') && types.includes('plugin.enable.succeeded plugin/extra'));
  await next.stop('test');
});

test('given a plugin in use, essential or unknown, when it is disabled, then that is refused, and recorded', async () => {
  const engine = await simEngine(new SimWorld(), new SimDisk(), withDriver('volume', 'extra', VOLUMES));
  await engine.execute('volume.create', volume('data'), CALLER);
  assert.is(await codeOf(engine.execute('plugin.disable', { plugin: 'extra' }, CALLER)), 'PLUGIN_IN_USE');
  assert.is(await codeOf(engine.execute('plugin.disable', { plugin: 'sim' }, CALLER)), 'PLUGIN_IN_USE');
  assert.is(await codeOf(engine.execute('plugin.disable', { plugin: 'nobody' }, CALLER)), 'PLUGIN_NOT_FOUND');
  assert.is((await eventsOf(engine)).filter(({ type }) => type === 'plugin.disable.failed').length, 3);
  assert.is((await engine.view()).plugins.size, 0);
  await engine.stop('test');
});

test('given a plugin that cannot be started, when it is enabled, then that fails with the reason, and it stays disabled', async () => {
  const plugins: PluginControl = {
    list: () => [],
    inspect: (name) => ({
      name,
      version: '1',
      specifier: name,
      isolation: 'inline',
      status: 'idle',
      ends: 0,
      reloads: 0,
      drivers: [{ kind: 'volume', name: 'extra', capabilities: {}, needs: {}, doc: '', plugin: name, probe: { usable: true } }],
    }),
    lines: () => [],
    start: () => Promise.reject(new ShiplogError('DRIVER_UNAVAILABLE', 'no such kernel')),
    stop: async () => undefined,
    reload: async () => ({ ms: 3, missing: ['volume/extra volume a'], added: [] }),
  };
  const engine = await simEngine(new SimWorld(), new SimDisk(), withDriver('volume', 'extra', VOLUMES), plugins);
  assert.equal(await engine.execute('plugin.reload', { plugin: 'extra' }, CALLER), {
    name: 'extra',
    ms: 3,
    missing: ['volume/extra volume a'],
    added: [],
  });
  await engine.execute('plugin.disable', { plugin: 'extra' }, CALLER);
  assert.is(await codeOf(engine.execute('plugin.enable', { plugin: 'extra' }, CALLER)), 'DRIVER_UNAVAILABLE');
  assert.ok((await engine.view()).plugins.has('extra'));
  await engine.stop('test');
});

test('given a projection, when its view is asked for, then it has folded all that is durable, each event once, also after it was loaded anew', async () => {
  let fold = { count: 0, next: 0 };
  const projection: Projection = {
    async fold({ from, events }) {
      for (const [index] of events.entries()) {
        if (from + index !== fold.next) continue;
        fold.count += 1;
        fold.next += 1;
      }
      return { seq: fold.next - 1 };
    },
    view: async ({ query }) => ({ view: { count: fold.count, ...query } }),
  };
  const engine = await simEngine(new SimWorld(), new SimDisk(), withDriver('projection', 'counts', projection));
  const first = await engine.views.ask('counts', { by: 'type' });
  assert.equal(first, { first: 0, seq: engine.log.durableSeq, view: { count: engine.log.durableSeq + 1, by: 'type' } });
  await engine.execute('volume.create', { ...volume('data'), driver: 'sim' }, CALLER);
  fold = { count: 0, next: 0 };
  const second = await engine.views.ask('counts', {});
  assert.equal(second.view, { count: engine.log.durableSeq + 1 });
  assert.is(await codeOf(engine.views.ask('other', {})), 'VIEW_NOT_FOUND');
  await engine.execute('plugin.disable', { plugin: 'extra' }, CALLER);
  assert.is(await codeOf(engine.views.ask('counts', {})), 'VIEW_NOT_FOUND');
  await engine.stop('test');
});

test.run();
