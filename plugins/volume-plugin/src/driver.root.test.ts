import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type ErrorCode, ShiplogError } from '@shiplog/contracts';
import { volumeCrashSuite, volumeSuite } from '@shiplog/conformance/volume';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { reported, temporaryDirectory } from '@shiplog/test-support';
import { PluginVolumeDriver } from './driver.ts';
import { ExamplePlugin } from './example-plugin.test.double.ts';

const kernel = createKernel();
const test = suite('volume plugins');

/** A driver, and a plugin that listens where the driver looks. */
async function prepare(name = 'example') {
  const temporary = await temporaryDirectory();
  const [stateDir, runDir, directory, sockets, specs] = ['state', 'run', 'kit', 's', 'specs'].map((name) => join(temporary.path, name)) as [
    string,
    string,
    string,
    string,
    string,
  ];
  for (const path of [stateDir, runDir, directory, sockets, specs]) await mkdir(path);
  const { home } = createTestServices({ kernel, stateDir, runDir });
  const plugin = new ExamplePlugin(join(stateDir, 'plugin-volumes'));
  await plugin.listen(join(sockets, `${name}.sock`));
  const make = () => new PluginVolumeDriver(kernel, home, { 'socket-directory': sockets, 'spec-directories': specs });
  return {
    driver: make(),
    name,
    kernel,
    stateDir,
    runDir,
    directory,
    scratch: directory,
    lasting: true,
    plugin,
    sockets,
    specs,
    restart: async () => make(),
    async cleanup() {
      await plugin.close();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

volumeSuite({ test: reported(test, 'volume/docker-plugin', 'volume'), factory: () => prepare() });
volumeCrashSuite({
  test: reported(test, 'volume/docker-plugin', 'volume'),
  name: 'docker-plugin',
  async factory() {
    const host = await prepare('mine');
    const { volumes } = host.plugin;
    return {
      ...host,
      look: async () => [...volumes].map(([name, { mounts }]) => `${name} is used by ${[...mounts].join(', ')}`),
      async reboot() {
        for (const { mounts } of volumes.values()) mounts.clear();
      },
    };
  },
});

const ctx = (ms = 60_000) => createContext({ op: 'test', signal: AbortSignal.timeout(ms) });
const volume = { name: 'data', driver: 'example', path: '/unused/_data', options: {} };

async function fails(work: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<void> {
  await work.then(
    () => assert.unreachable('it should have failed'),
    (error: unknown) => {
      assert.ok(error instanceof ShiplogError, String(error));
      assert.is(error.code, code);
      assert.match(error.message, words);
    },
  );
}

test('given a plugin, when a volume is made, mounted twice and let go of, then it is asked so, with options and ids', async () => {
  const { driver, plugin, cleanup } = await prepare();
  try {
    const { mountpoint } = await driver.create({ ...volume, options: { size: '1g' } }, ctx());
    assert.match(mountpoint ?? '', /plugin-volumes\/data$/);
    assert.equal(plugin.volumes.get('data')?.options, { size: '1g' });
    await driver.publish({ ...volume, consumer: 'one' }, ctx());
    await driver.publish({ ...volume, consumer: 'two' }, ctx());
    assert.equal([...(plugin.volumes.get('data')?.mounts ?? [])], ['one', 'two']);
    await driver.unpublish({ ...volume, consumer: 'one' }, ctx());
    await fails(driver.remove(volume, ctx()), 'DRIVER_FAILED', /VolumeDriver\.Remove: volume is mounted/);
    await driver.unpublish({ ...volume, consumer: 'two' }, ctx());
    await driver.remove(volume, ctx());
    assert.is(plugin.volumes.size, 0);
    assert.is(plugin.calls.filter((path) => path === '/Plugin.Activate').length, 1);
  } finally {
    await cleanup();
  }
});

test('given plugins that are described in files, when they are asked for, then they are found, and broken ones say so', async () => {
  const { driver, sockets, specs, cleanup } = await prepare();
  try {
    const socket = join(sockets, 'example.sock');
    await writeFile(join(specs, 'described.spec'), `unix://${socket}\n`);
    await writeFile(join(specs, 'listed.json'), JSON.stringify({ Name: 'listed', Addr: `unix://${socket}` }));
    await writeFile(join(specs, 'broken.json'), '{');
    await writeFile(join(specs, 'odd.spec'), 'carrier://pigeon');
    await writeFile(join(specs, 'away.spec'), `unix://${join(sockets, 'away.sock')}`);
    await driver.create({ ...volume, name: 'a', driver: 'described' }, ctx());
    await driver.create({ ...volume, name: 'b', driver: 'listed' }, ctx());
    await fails(driver.create({ ...volume, driver: 'broken' }, ctx()), 'DRIVER_UNAVAILABLE', /is no JSON/);
    await fails(driver.create({ ...volume, driver: 'odd' }, ctx()), 'DRIVER_UNAVAILABLE', /carrier:\/\/pigeon/);
    await fails(driver.create({ ...volume, driver: 'away' }, ctx()), 'DRIVER_UNAVAILABLE', /plugin "away" does not answer/);
    await fails(driver.create({ ...volume, driver: 'none' }, ctx()), 'DRIVER_NOT_FOUND', /plugin "none" not found/);
    await fails(driver.create({ ...volume, driver: '../s/example' }, ctx()), 'DRIVER_NOT_FOUND', /not found/);
  } finally {
    await cleanup();
  }
});

test('given two who ask a plugin first, when one is canceled before it answers, then the other is answered', async () => {
  const { driver, plugin, cleanup } = await prepare();
  try {
    plugin.hangs = true;
    const canceling = new AbortController();
    const canceled = driver.create(volume, createContext({ op: 'test', signal: canceling.signal })).catch((error: Error) => error.name);
    while (!plugin.calls.includes('/Plugin.Activate')) await turn();
    plugin.hangs = false;
    const other = driver.create({ ...volume, name: 'other' }, ctx());
    await Promise.race([other, sleep(500)]);
    canceling.abort();
    assert.is(await canceled, 'AbortError');
    assert.match((await other).mountpoint ?? '', /plugin-volumes\/other$/);
  } finally {
    await cleanup();
  }
});

test('given a plugin that refuses, hangs and is back, when it is asked, then each call says so, and the next one works', async () => {
  const { driver, plugin, cleanup } = await prepare();
  try {
    await fails(driver.create({ ...volume, options: { fail: '1' } }, ctx()), 'DRIVER_FAILED', /VolumeDriver\.Create: asked to fail/);
    plugin.hangs = true;
    await driver.create(volume, ctx(200)).then(
      () => assert.unreachable('it hangs'),
      (error: Error) => assert.is(error.name, 'TimeoutError'),
    );
    plugin.hangs = false;
    await driver.create(volume, ctx());
    await driver.remove(volume, ctx());
  } finally {
    await cleanup();
  }
});

test.run();
