import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parseManifest, sha256Of } from '@shiplog/oci';
import * as assert from 'uvu/assert';
import { blobPart, chunked, descriptor, dockerParts, LAYOUT, made, ociIndex, tar } from './testing/archives.test.util.ts';
import { codeOf, context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('packed images');

test('given an image of plain layers, when it is packed twice, then they are compressed, and the bytes are the same', async ({
  store,
  stateDir,
}) => {
  const image = await made();
  const [loaded] = await store.load('op1', chunked(await tar(...(await dockerParts(image)))), context());
  const packed = await store.pack('one', loaded!.manifest, context());
  const again = await store.pack('two', loaded!.manifest, context());
  assert.equal(
    [again.manifest.digest, again.layers.map(({ digest }) => digest)],
    [packed.manifest.digest, packed.layers.map(({ digest }) => digest)],
  );
  const bytes = await readFile(packed.manifest.path);
  assert.equal([sha256Of(bytes), bytes.length], [packed.manifest.digest, packed.manifest.size]);
  const { config, layers, mediaType } = parseManifest(bytes);
  assert.is(mediaType, packed.manifest.mediaType);
  assert.equal([config.digest, config.size], [image.id, (await readFile(packed.config.path)).length]);
  assert.equal(
    layers.map(({ digest, size, mediaType: type }) => [digest, size, type]),
    packed.layers.map(({ digest, size }) => [digest, size, 'application/vnd.oci.image.layer.v1.tar+gzip']),
  );
  for (const [index, layer] of packed.layers.entries()) {
    const content = await readFile(layer.path);
    assert.equal([sha256Of(content), content.length], [layer.digest, layer.size]);
    assert.is(sha256Of(gunzipSync(content)), loaded!.manifest.layers[index]?.diffId);
  }
  await store.discard('one');
  await store.discard('two');
  assert.equal(await readdir(join(stateDir, 'ingest')), []);
});

test('given an image of a compressed layer, when it is packed, then that is sent as it came', async ({ store }) => {
  const { layers, config } = await made();
  const compressed = layers.map((layer) => gzipSync(layer));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: descriptor('application/vnd.docker.container.image.v1+json', config),
      layers: compressed.map((layer) => descriptor('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)),
    }),
  );
  const index = ociIndex(descriptor('application/vnd.docker.distribution.manifest.v2+json', manifest));
  const archive = await tar(LAYOUT, ['index.json', index], blobPart(manifest), blobPart(config), ...compressed.map(blobPart));
  const [loaded] = await store.load('op1', chunked(archive), context());
  const packed = await store.pack('one', loaded!.manifest, context());
  assert.equal(
    await Promise.all(packed.layers.map(async ({ digest, mediaType, path }) => [digest, mediaType, path === (await store.path(digest))])),
    compressed.map((layer) => [sha256Of(layer), 'application/vnd.oci.image.layer.v1.tar+gzip', true]),
  );
});

test('given a layer that is damaged or gone, or a caller that is, when an image is packed, then that fails and leaves nothing', async ({
  store,
  stateDir,
}) => {
  const image = await made();
  const [loaded] = await store.load('op1', chunked(await tar(...(await dockerParts(image)))), context());
  const { manifest } = loaded!;
  await store.pack('gone', manifest, context(AbortSignal.abort())).then(
    () => assert.unreachable(),
    () => undefined,
  );
  const path = await store.path(manifest.layers[0]!.digest);
  const content = await readFile(path);
  content[0] = (content[0] ?? 0) ^ 1;
  await writeFile(path, content);
  assert.is(await codeOf(store.pack('one', manifest, context())), 'DIGEST_MISMATCH');
  await store.remove([manifest.layers[0]!.digest]);
  assert.is(await codeOf(store.pack('one', manifest, context())), 'BLOB_NOT_FOUND');
  assert.equal(await readdir(join(stateDir, 'ingest')), []);
});

test.run();
