import { rejects } from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { PluginLab, volumePlugin } from './testing/plugin-lab.test.util.ts';

const test = suite('hosted plugins');
// Deadlines alone keep no process.
const alive = setInterval(() => undefined, 1000);
test.after(() => clearInterval(alive));

const code = (wanted: string) => (error: unknown) => error instanceof ShiplogError && error.code === wanted;
const withLab = (work: (lab: PluginLab) => Promise<void>) => async (): Promise<void> => {
  const lab = await PluginLab.create();
  try {
    await work(lab);
  } finally {
    await lab.end();
  }
};
const volume = (name: string) => ({ name, driver: name, path: '/nowhere', options: {} });
const told = (lab: PluginLab, message: string): number => lab.logger.lines.filter((line) => line.message === message).length;

test(
  'given a package with its manifest, when it is installed, then its code is not loaded before a driver is used',
  withLab(async (lab) => {
    const directory = await lab.write('lazy', {
      'driver.mjs': volumePlugin('lazy', 'return {}', 'globalThis.lazyLoads = (globalThis.lazyLoads ?? 0) + 1;'),
    });
    const loads = (): unknown => (globalThis as { lazyLoads?: number }).lazyLoads;
    const plugin = await lab.host(directory);
    const driver = lab.registry.get('volume', 'lazy');
    assert.is(loads(), undefined);
    assert.is(plugin.info.status, 'idle');
    assert.is(lab.registry.list()[0]?.loaded, false);
    assert.equal(await Promise.all([driver.create(volume('a'), lab.ctx()), driver.create(volume('b'), lab.ctx())]), [{}, {}]);
    assert.is(loads(), 1);
    assert.is(plugin.info.status, 'running');
    assert.is(lab.registry.list()[0]?.loaded, true);
  }),
);

test(
  'given a package with its manifest, when what its driver answers first is a stream, then that is had as from any other',
  withLab(async (lab) => {
    const manifest = { kind: 'runtime', name: 'lazy', capabilities: {}, needs: {}, doc: 'A test.' };
    const create = `() => ({ async *exits() { yield* [{ id: 'one' }, { id: 'two' }]; } })`;
    const text = `export default {
  manifest: { name: 'lazy', version: '1.0.0', api: [1] },
  drivers: [{ manifest: ${JSON.stringify(manifest)}, create: ${create} }],
};`;
    const directory = await lab.write('lazy', { 'driver.mjs': text }, { entry: './driver.mjs', drivers: [manifest] });
    await lab.host(directory);
    const exits: string[] = [];
    for await (const { id } of lab.registry.get('runtime', 'lazy').exits(lab.ctx().signal)) exits.push(id);
    assert.equal(exits, ['one', 'two']);
  }),
);

test(
  'given a plugin whose code does not load, when a driver is used, then the error says why, and it is tried again',
  withLab(async (lab) => {
    const directory = await lab.write('late', { 'driver.mjs': 'import "./missing.mjs"' });
    await lab.host(directory);
    const driver = lab.registry.get('volume', 'late');
    await rejects(driver.create(volume('a'), lab.ctx()), /missing/);
    await rejects(driver.create(volume('a'), lab.ctx()), /missing/);
  }),
);

test(
  'given a stand-in for a driver, also for one that is not installed, when it is asked for, then the stand-in answers with its own manifest',
  withLab(async (lab) => {
    await lab.host(await lab.write('mine', { 'driver.mjs': volumePlugin('mine', 'return { mountpoint: "/mine" }') }));
    await lab.host(await lab.write('theirs', { 'driver.mjs': volumePlugin('theirs', 'return { mountpoint: "/theirs" }') }));
    const calls: string[] = [];
    for (const name of ['theirs', 'gone'])
      lab.registry.substitute('volume', name, {
        by: 'mine',
        wrap: (driver) => ({
          ...driver,
          observe: () => driver.observe(),
          create: (args, ctx) => (calls.push(args.name), driver.create(args, ctx)),
        }),
      });
    for (const name of ['mine', 'theirs', 'gone'])
      assert.equal(await lab.registry.get('volume', name).create(volume(name), lab.ctx()), { mountpoint: '/mine' });
    assert.equal(calls, ['theirs', 'gone']);
    await lab.registry.prepare('volume', 'gone');
    assert.equal(
      lab.registry.list().map(({ name, plugin }) => [name, plugin]),
      [
        ['mine', 'mine'],
        ['theirs', 'mine'],
        ['gone', 'mine'],
      ],
    );
    assert.throws(() => lab.registry.substitute('volume', 'theirs', { by: 'nobody', wrap: (driver) => driver }), code('DRIVER_NOT_FOUND'));
  }),
);

test(
  'given two plugins with one driver, when the second is installed, then it is refused',
  withLab(async (lab) => {
    await lab.host(await lab.write('one', { 'driver.mjs': volumePlugin('one', 'return {}') }));
    const manifest = { kind: 'volume', name: 'one', capabilities: {}, needs: {}, doc: 'Another.' };
    const other = await lab.write('other', { 'driver.mjs': '' }, { entry: './driver.mjs', drivers: [manifest] });
    await rejects(lab.host(other), code('PLUGIN_INVALID'));
  }),
);

test(
  'given wrong packages, when they are found, then each is refused with what is wrong',
  withLab(async (lab) => {
    for (const [name, field] of Object.entries({
      api: { api: [99] },
      nothing: { entry: undefined },
      drivers: { drivers: [] },
      kind: { drivers: [{ name: 'x' }] },
    }))
      await rejects(lab.host(await lab.write(name, {}, field)), code('PLUGIN_INVALID'), name);
    await rejects(lab.host(join(lab.directory, 'absent')), code('PLUGIN_INVALID'));
  }),
);

for (const isolation of ['inline', 'worker', 'process'] as const) {
  test(
    `given ${isolation} code that changed, when it is reloaded under load, then calls under way end in the old one and the next go to the new one`,
    withLab(async (lab) => {
      const text = (step: string) =>
        volumePlugin(
          'hot',
          `if (name === 'slow') await new Promise((r) => setTimeout(r, 300)); services.logger.info(word + '${step}'); return {}`,
          "import { word } from './word.mjs';",
        );
      const directory = await lab.write('hot', { 'driver.mjs': text('1'), 'word.mjs': "export const word = 'old';" });
      const plugin = await lab.host(directory, isolation);
      const driver = lab.registry.get('volume', 'hot');
      await driver.create(volume('a'), lab.ctx());
      const slow = driver.create(volume('slow'), lab.ctx());
      await writeFile(join(directory, 'driver.mjs'), text('2'));
      await writeFile(join(directory, 'word.mjs'), "export const word = 'new';");
      await plugin.reload();
      await driver.create(volume('b'), lab.ctx());
      await slow;
      for (let tries = 0; told(lab, 'disposed') === 0 && tries < 6000; tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.equal([told(lab, 'old1'), told(lab, 'new2'), told(lab, 'disposed')], [2, 1, 1]);
      assert.is(plugin.info.reloads, 1);
    }),
  );

  test(
    `given ${isolation} code that is broken, when it is reloaded, then the old one stays`,
    withLab(async (lab) => {
      const directory = await lab.write('kept', { 'driver.mjs': volumePlugin('kept', 'return {}') });
      const plugin = await lab.host(directory, isolation);
      const driver = lab.registry.get('volume', 'kept');
      await driver.create(volume('a'), lab.ctx());
      await writeFile(join(directory, 'driver.mjs'), 'this is no program');
      await rejects(plugin.reload());
      assert.equal(await driver.create(volume('a'), lab.ctx()), {});
      await plugin.stop();
      await plugin.stop();
    }),
  );
}

test(
  'given a plugin in a process that ends at every call, when it is called, then each call is made twice at most, and it is started again with back-off',
  withLab(async (lab) => {
    const plugin = await lab.host(
      await lab.write('doomed', {
        'driver.mjs': volumePlugin('doomed', "services.logger.info('called'); if (name !== 'fine') process.exit(5); return {}"),
      }),
      'process',
    );
    const driver = lab.registry.get('volume', 'doomed');
    const began = performance.now();
    await rejects(driver.create(volume('a'), lab.ctx()), (error) => code('DRIVER_UNAVAILABLE')(error) && /code 5/.test(String(error)));
    assert.is(plugin.info.ends, 2);
    assert.is(plugin.info.status, 'failing');
    assert.match(plugin.info.lastFailure ?? '', 'code 5');
    assert.equal(await driver.create(volume('fine'), lab.ctx()), {});
    // 100 ms before the second start, 200 ms before the third.
    assert.ok(performance.now() - began > 300);
    assert.is(plugin.info.status, 'running');
  }),
);

test(
  'given a busy loop in a worker, when its deadline passes, then the thread is ended and the next call is served by another',
  withLab(async (lab) => {
    const plugin = await lab.host(
      await lab.write('busy', { 'driver.mjs': volumePlugin('busy', "if (name === 'busy') for (;;); return {}") }),
      'worker',
    );
    const driver = lab.registry.get('volume', 'busy');
    await driver.create(volume('a'), lab.ctx());
    await rejects(driver.create(volume('busy'), lab.ctx(100)), code('DEADLINE_EXCEEDED'));
    assert.equal(await driver.create(volume('a'), lab.ctx()), {});
    assert.is(plugin.info.ends, 1);
  }),
);

test(
  'given a process that is not what its manifest says, when it is started, then it is refused',
  withLab(async (lab) => {
    await lab.host(await lab.write('liar', { 'driver.mjs': volumePlugin('another', 'return {}') }), 'process');
    await rejects(lab.registry.get('volume', 'liar').create(volume('a'), lab.ctx()), /says of itself/);
  }),
);

test.run();
