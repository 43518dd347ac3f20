import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { type Digest, type Progress, ShiplogError } from '@shiplog/contracts';
import { sha256Of } from '@shiplog/oci';
import plugin from './index.ts';
import { chunked, configOf, dockerParts, made, manifestJson, tar } from './testing/archives.test.util.ts';
import { assertEmpty, assertStored, codeOf, context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('local image store');

test('given an archive that was loaded before, when it is loaded again or removed twice, then that is harmless', async ({ store }) => {
  const image = await made();
  const archive = await tar(...(await dockerParts(image)));
  await store.load('op1', chunked(archive), context());
  const [loaded] = await Promise.all([store.load('op2', chunked(archive), context()), store.load('op3', chunked(archive), context())]);
  await assertStored(store, loaded);
  const digests = (await store.observe()).map(({ id }): Digest => `sha256:${id.slice(7)}`);
  assert.is(digests.length, 3);
  await store.remove(digests);
  await store.remove(digests);
  assert.equal(await store.observe(), []);
  assert.is(await codeOf(store.path(image.id)), 'BLOB_NOT_FOUND');
  await store.discard('op1');
});

test('given a source that hangs, when the operation is aborted, then the load ends at once and nothing stays', async ({
  store,
  stateDir,
}) => {
  const image = await made();
  const archive = await tar(...(await dockerParts(image)));
  const abort = new AbortController();
  async function* hanging(): AsyncGenerator<Uint8Array, void, undefined> {
    yield archive.subarray(0, 20_000);
    setTimeout(() => abort.abort(), 5);
    await new Promise(() => undefined);
  }
  assert.is(await codeOf(store.load('op1', hanging(), context(abort.signal))), 'CANCELED');
  await assertEmpty(stateDir, store);
});

test('given a source that fails, when it is loaded, then its own error comes through and nothing stays', async ({ store, stateDir }) => {
  const archive = await tar(...(await dockerParts(await made())));
  async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
    yield gzipSync(archive).subarray(0, 100);
    throw new ShiplogError('DEADLINE_EXCEEDED', 'too slow');
  }
  assert.is(await codeOf(store.load('op1', failing(), context())), 'DEADLINE_EXCEEDED');
  await assertEmpty(stateDir, store);
});

test('given an ingest whose name is no file name, when it is used, then it is refused', async ({ store }) => {
  for (const name of ['', '..', '../x', 'a/b', '.x']) {
    assert.is(await codeOf(store.discard(name)), 'REQUEST_INVALID');
    assert.is(await codeOf(store.load(name, chunked(Buffer.alloc(1024)), context())), 'REQUEST_INVALID');
  }
});

test('given a large layer, when it is loaded, then progress is told', async ({ store }) => {
  const layer = await tar(['a', Buffer.alloc(9 * 1024 * 1024)]);
  const seen: Progress[] = [];
  const archive = await tar(['c', configOf([sha256Of(layer)])], ['l', layer], ['manifest.json', manifestJson('c', null, ['l'])]);
  await store.load('op1', chunked(archive, 65_536), context(), (progress) => seen.push(progress));
  assert.is(seen.at(-1)?.current, layer.length);
});

test('given the plugin, when its definition is read, then it offers the image store `local`', () => {
  assert.equal(
    plugin.drivers.map(({ manifest }) => [manifest.kind, manifest.name]),
    [['image-store', 'local']],
  );
});

test.run();
