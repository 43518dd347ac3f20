import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type ArrivedLayer, type BlobDescriptor, type Digest, ShiplogError } from '@shiplog/contracts';
import { chainIds, hostPlatform, sha256Of } from '@shiplog/oci';
import * as assert from 'uvu/assert';
import { image, Source } from './testing/source.test.util.ts';
import { assertEmpty, codeOf, context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('layers that are unpacked while others are pulled');
const LIE: Digest = `sha256:${'0'.repeat(64)}`;

test('given layers that stay away until the lowest is unpacked, when their image is pulled, then it comes; each is unpacked on the one below', async ({
  store,
}) => {
  const source = new Source();
  const { manifest, id, layers, tars } = await image(source, hostPlatform(), { layers: 5 });
  const lowest = Promise.withResolvers<void>();
  const fetch: Source['fetch'] = async (blob, path) => {
    if (layers.indexOf(blob.digest) > 0) await lowest.promise;
    await source.fetch(blob, path);
  };
  const unpacked: ArrivedLayer[] = [];
  let underWay = 0;
  const unpack = async (layer: ArrivedLayer): Promise<number> => {
    assert.is((underWay += 1), 1);
    unpacked.push(layer);
    lowest.resolve();
    await sleep(1);
    underWay -= 1;
    return 10;
  };
  const pulled = await store.pull('one', manifest, fetch, context(), { unpack });
  const chain = chainIds(tars.map((tar) => sha256Of(tar)));
  assert.equal(
    unpacked.map((layer) => [layer.image, layer.digest, layer.chainId, layer.parent]),
    layers.map((digest, at) => [id, digest, chain[at], chain[at - 1]]),
  );
  assert.is(pulled.manifest.size, 50);
});

test('given who unpacks and does not say that a layer is what its image says, when it is pulled, then the store looks', async ({
  store,
  stateDir,
}) => {
  const unpack = async (): Promise<undefined> => undefined;
  const source = new Source();
  const { manifest, tars } = await image(source, hostPlatform(), { layers: 2 });
  const { size } = (await store.pull('one', manifest, source.fetch, context(), { unpack })).manifest;
  assert.is(
    size,
    tars.reduce((sum, tar) => sum + tar.length, 0),
  );
  await store.remove([...source.blobs.keys()]);
  const lie = await image(source, hostPlatform(), { diffIdOf: () => LIE });
  assert.is(await codeOf(store.pull('two', lie.manifest, source.fetch, context(), { unpack })), 'DIGEST_MISMATCH');
  await assertEmpty(stateDir, store);
});

test('given a layer with data after the end of the compressed ones, when it is pulled, then that is refused', async ({
  store,
  stateDir,
}) => {
  const source = new Source();
  const pack = (tar: Buffer): Buffer => Buffer.concat([gzipSync(tar), Buffer.alloc(4 * 1024 * 1024, 'more')]);
  const { manifest } = await image(source, hostPlatform(), { pack });
  assert.is(await codeOf(store.pull('one', manifest, source.fetch, context())), 'ARCHIVE_INVALID');
  await assertEmpty(stateDir, store);
});

/** Never answers, but fails when it is to end. */
function endless(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new ShiplogError('CANCELED', 'no more'));
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
}

test('given a layer that cannot be unpacked, when others are on their way, then these end, the pull fails with that, and nothing stays', async ({
  store,
  stateDir,
}) => {
  const source = new Source();
  const { manifest, layers } = await image(source, hostPlatform(), { layers: 3 });
  let ended = 0;
  const fetch = async (blob: BlobDescriptor, path: string, signal: AbortSignal): Promise<void> => {
    if (layers.indexOf(blob.digest) > 0) await endless(signal).finally(() => (ended += 1));
    await source.fetch(blob, path);
  };
  const unpack = (): Promise<never> => Promise.reject(new ShiplogError('ARCHIVE_ESCAPES', 'out of the root'));
  assert.is(await codeOf(store.pull('one', manifest, fetch, context(), { unpack })), 'ARCHIVE_ESCAPES');
  assert.ok(ended > 0);
  await assertEmpty(stateDir, store);
});

test('given a layer that cannot be fetched, when one is being unpacked, then that ends, the pull fails with the reason, and nothing stays', async ({
  store,
  stateDir,
}) => {
  const source = new Source();
  const { manifest, layers } = await image(source, hostPlatform(), { layers: 2 });
  const unpacking = Promise.withResolvers<void>();
  const fetch: Source['fetch'] = async (blob, path) => {
    if (blob.digest === layers[1]) {
      await unpacking.promise;
      throw new ShiplogError('REGISTRY_UNAVAILABLE', 'gone');
    }
    await source.fetch(blob, path);
  };
  const unpack = (_: ArrivedLayer, signal: AbortSignal): Promise<never> => {
    unpacking.resolve();
    return endless(signal);
  };
  assert.is(await codeOf(store.pull('one', manifest, fetch, context(), { unpack })), 'REGISTRY_UNAVAILABLE');
  await assertEmpty(stateDir, store);
});

test('given a pull that is canceled, when a layer is being unpacked, then that ends, and nothing stays', async ({ store, stateDir }) => {
  const source = new Source();
  const { manifest } = await image(source);
  const gone = new AbortController();
  const unpack = (_: ArrivedLayer, signal: AbortSignal): Promise<never> => {
    gone.abort();
    return endless(signal);
  };
  assert.is(await codeOf(store.pull('one', manifest, source.fetch, context(gone.signal), { unpack })), 'CANCELED');
  await assertEmpty(stateDir, store);
});

test('given a config that names other layers than the manifest, when it is pulled, then it is refused before any is unpacked', async ({
  store,
  stateDir,
}) => {
  const source = new Source();
  const { id, layers } = await image(source, hostPlatform(), { layers: 2 });
  const [config, layer] = [id, layers[0]!].map((digest) => ({ digest, size: source.blobs.get(digest)?.length ?? 0 }));
  const manifest = source.add('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    config: { ...config, mediaType: 'application/vnd.oci.image.config.v1+json' },
    layers: [{ ...layer, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }],
  });
  let unpacked = 0;
  const unpack = async (): Promise<number> => (unpacked += 1);
  assert.is(await codeOf(store.pull('one', manifest, source.fetch, context(), { unpack })), 'ARCHIVE_INVALID');
  assert.is(unpacked, 0);
  await assertEmpty(stateDir, store);
});

test.run();
