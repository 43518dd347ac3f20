// time limit: 240 s
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTraces } from '@shiplog/test-support';
import { IMAGE, prepare } from './prepare.ts';

const test = suite('plugins');
const PYTHON = new URL('../../../examples/volume-driver-python', import.meta.url).pathname;

/** Writes a plugin with one volume driver of its own name, and answers its directory. */
async function writePlugin(root: string, name: string, create: string, more: object = {}): Promise<string> {
  const directory = join(root, name);
  await mkdir(directory, { recursive: true });
  const manifest = { kind: 'volume', name, capabilities: {}, needs: {}, doc: 'A test.', ...more };
  await writeFile(
    join(directory, 'package.json'),
    JSON.stringify({ name, version: '1.0.0', type: 'module', shiplog: { api: [1], entry: './driver.ts', drivers: [manifest] } }),
  );
  await writeDriver(directory, name, create);
  return directory;
}

async function writeDriver(directory: string, name: string, create: string): Promise<void> {
  const text = `import { mkdir, rm, writeFile } from 'node:fs/promises';
interface Volume { readonly name: string; readonly path: string }
export default {
  manifest: { name: '${name}', version: '1.0.0', api: [1] },
  drivers: [{
    manifest: { kind: 'volume', name: '${name}', capabilities: {}, needs: {}, doc: 'A test.' },
    create: () => ({
      observe: async () => [],
      async create({ name, path }: Volume) { ${create} },
      publish: async ({ path }: Volume) => ({ path }),
      unpublish: async () => ({}),
      remove: async ({ path }: Volume) => { await rm(path, { recursive: true, force: true }); return {}; },
    }),
  }],
};
`;
  await writeFile(join(directory, 'driver.ts'), text);
}

const MAKE = 'await mkdir(path, { recursive: true }); return {};';

for (const isolation of ['worker', 'process']) {
  test(`given the storage driver in a ${isolation}, when containers run, then they see their files, and nothing is left`, async () => {
    const { daemon, done } = await prepare(['--storage-driver', 'vfs', '--isolate', `@shiplog/storage-vfs=${isolation}`]);
    try {
      const ran = await daemon.docker(['run', '--rm', IMAGE, 'sh', '-c', 'echo seen > /made && cat /made']);
      assert.is(ran.stdout, 'seen\n', ran.stderr);
      const listed = JSON.parse((await daemon.shiplog(['plugin', 'inspect', '@shiplog/storage-vfs', '-f', 'json'])).stdout);
      assert.is(listed.isolation, isolation);
      assert.is(listed.status, 'running');
      assert.equal(await hostTraces(daemon.directory), []);
    } finally {
      await done();
    }
  });
}

test('given plugins of all sorts, when they are used, fail, are reloaded and disabled, then only their own work is concerned', async () => {
  const root = await mkdtemp(join(tmpdir(), 'shiplog-plugins-'));
  const good = await writePlugin(root, 'good', MAKE);
  const silent = await writePlugin(root, 'silent', 'await new Promise(() => {}); return {};', { deadlines: { create: 3000 } });
  const plugins = [PYTHON, good, silent].flatMap((path) => ['--plugin', path]);
  const { daemon, done } = await prepare([...plugins, '--isolate', 'silent=process', '--watch']);
  try {
    const create = (driver: string, name: string) => daemon.docker(['volume', 'create', '--driver', driver, name]);
    assert.is((await daemon.shiplog(['plugin', 'ls', '--format', '{{.Name}} {{.Status}}'])).stdout.match(/good idle/)?.[0], 'good idle');
    for (const driver of ['directories', 'good']) {
      const made = await create(driver, `vol-${driver}`);
      assert.is(made.code, 0, made.stderr);
      const used = await daemon.docker([
        'run',
        '--rm',
        '-v',
        `vol-${driver}:/data`,
        IMAGE,
        'sh',
        '-c',
        'echo kept > /data/file && cat /data/file',
      ]);
      assert.is(used.stdout, 'kept\n', used.stderr);
    }
    const hung = create('silent', 'vol-silent');
    const running = await daemon.docker(['run', '-d', '--name', 'web', '-v', 'vol-good:/data', IMAGE, 'sleep', '300']);
    assert.is(running.code, 0, running.stderr);

    await writeDriver(good, 'good', `await mkdir(path, { recursive: true }); await writeFile(path + '/second', ''); return {};`);
    for (let tries = 0; tries < 100; tries += 1) {
      const { reloads } = JSON.parse((await daemon.shiplog(['plugin', 'inspect', 'good', '-f', 'json'])).stdout) as { reloads: number };
      if (reloads > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await create('good', 'vol-new');
    const seen = await daemon.docker(['run', '--rm', '-v', 'vol-new:/data', IMAGE, 'ls', '/data']);
    assert.is(seen.stdout, 'second\n', seen.stderr);
    assert.is((await daemon.docker(['inspect', '-f', '{{.State.Running}}', 'web'])).stdout, 'true\n');

    const inUse = await daemon.shiplog(['plugin', 'disable', 'good']);
    assert.is(inUse.code, 1);
    assert.match(inUse.stderr, 'volume vol-good', inUse.stderr);
    await daemon.docker(['rm', '-f', 'web']);
    await daemon.docker(['volume', 'rm', 'vol-directories']);
    assert.is((await daemon.shiplog(['plugin', 'disable', '@shiplog/example-volume-driver-python'])).code, 0);
    assert.match((await create('directories', 'vol-other')).stderr, 'disabled');
    assert.is((await daemon.shiplog(['plugin', 'enable', '@shiplog/example-volume-driver-python'])).code, 0);
    assert.is((await create('directories', 'vol-other')).code, 0);
    assert.match((await daemon.shiplog(['plugin', 'logs', '@shiplog/example-volume-driver-python'])).stdout, 'volume made');

    const types = new Set((await daemon.events()).map(({ type }) => type));
    for (const type of ['plugin.reload.succeeded', 'plugin.disable.failed', 'plugin.disable.succeeded', 'plugin.enable.succeeded'])
      assert.ok(types.has(type), type);
    await daemon.end('SIGKILL');
    await hung;
    await daemon.start();
    assert.is((await daemon.events()).filter(({ type }) => type === 'volume.create.failed').length > 0, true);
  } finally {
    await done();
    await rm(root, { recursive: true, force: true });
  }
});

test.run();
