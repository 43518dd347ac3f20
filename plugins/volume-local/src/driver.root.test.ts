import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type VolumeDriver } from '@shiplog/contracts';
import { provePlugin } from '@shiplog/conformance/prove';
import { volumeSuite } from '@shiplog/conformance/volume';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { reported, temporaryDirectory } from '@shiplog/test-support';
import { LocalVolumeDriver } from './driver.ts';
import plugin from './index.ts';

const kernel = createKernel();

/** A driver in a directory of its own. */
async function prepare() {
  const temporary = await temporaryDirectory();
  const [stateDir, runDir, directory] = ['state', 'run', 'kit'].map((name) => join(temporary.path, name)) as [string, string, string];
  for (const path of [stateDir, runDir, directory]) await mkdir(path);
  const { home } = createTestServices({ kernel, stateDir, runDir });
  const driver: VolumeDriver = new LocalVolumeDriver(kernel, home);
  return {
    driver,
    name: 'local',
    directory,
    refused: { shape: 'round' },
    restart: async () => new LocalVolumeDriver(kernel, home),
    async cleanup() {
      await temporary[Symbol.asyncDispose]();
    },
  };
}

const plain = suite('local volumes');
volumeSuite({ test: reported(plain, 'volume/local', 'volume'), factory: async () => ({ ...(await prepare()), lasting: true }) });
plain.run();

const memory = suite('local volumes in memory');
volumeSuite({
  test: reported(memory, 'volume/local, tmpfs', 'volume'),
  factory: async () => ({ ...(await prepare()), lasting: false, options: { type: 'tmpfs', device: 'tmpfs', o: 'size=4m,mode=0755' } }),
});
memory.run();

const proof = suite('local volumes as a plugin');
await provePlugin({ test: proof, plugin, kernel });
const proven: string[] = [];
await provePlugin({ test: (name) => proven.push(name), plugin, kernel });
proof('given the plugin, when it is proven, then by the kit of volumes, with content of images', () => {
  for (const start of ['given two consumers, when one leaves', 'given an empty volume, when it is published with a seed'])
    assert.is(proven.filter((name) => name.startsWith(start)).length, 1, start);
});
proof.run();

const test = suite('local volumes elsewhere');
const ctx = () => createContext({ op: 'test', signal: AbortSignal.timeout(60_000) });

test('given a volume that binds a directory, when it is used and removed, then the directory has the content and keeps it', async () => {
  const { driver, directory, cleanup } = await prepare();
  try {
    const device = join(directory, 'elsewhere');
    await mkdir(device);
    const volume = {
      name: 'bound',
      driver: 'local',
      path: join(directory, 'volumes/bound/_data'),
      options: { type: 'none', o: 'bind', device },
    };
    await driver.create(volume, ctx());
    const { path } = await driver.publish({ ...volume, consumer: 'c1' }, ctx());
    await writeFile(join(path, 'kept'), 'content');
    assert.is(await readFile(join(device, 'kept'), 'utf8'), 'content');
    // Removed while it is mounted, as after a crash that lost its consumer.
    await driver.remove(volume, ctx());
    assert.equal(await readdir(device), ['kept']);
    assert.equal(
      (await kernel.mounts.list()).filter(({ target }) => target.startsWith(directory)),
      [],
    );
  } finally {
    await cleanup();
  }
});

test('given something that cannot be mounted, when published, then the message says what and not with which password', async () => {
  const { driver, directory, cleanup } = await prepare();
  try {
    const options = { type: 'nfs', device: ':/share', o: 'addr=127.0.0.1,password=canary' };
    const volume = { name: 'nfs', driver: 'local', path: join(directory, 'volumes/nfs/_data'), options };
    await driver.create(volume, ctx());
    await driver.publish({ ...volume, consumer: 'c1' }, ctx()).then(
      () => assert.unreachable('there is no such server'),
      (error: Error) => {
        assert.match(error.message, /failed to mount local volume: mount :\/share:.*type nfs/);
        assert.not.match(JSON.stringify({ ...error, message: error.message }), /canary/);
      },
    );
    await driver.unpublish({ ...volume, consumer: 'c1' }, ctx());
    assert.equal(await driver.observe(), []);
    await driver.remove(volume, ctx());
  } finally {
    await cleanup();
  }
});

test("given options that need each other, when one is missing, then Docker's words say which", async () => {
  const { driver, directory, cleanup } = await prepare();
  try {
    const create = (options: { [option: string]: string }) =>
      driver.create({ name: 'x', driver: 'local', path: join(directory, 'x/_data'), options }, ctx());
    for (const [options, words] of [
      [{ type: 'tmpfs' }, /missing required option: "device"/],
      [{ device: 'x' }, /missing required option: "type"/],
      [{ shape: 'round' }, /invalid option: "shape"/],
      [{ size: '1g' }, /no quota support/],
    ] as const) {
      await create(options).then(
        () => assert.unreachable(JSON.stringify(options)),
        (error: Error) => assert.match(error.message, words),
      );
    }
  } finally {
    await cleanup();
  }
});

test.run();
