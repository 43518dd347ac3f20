import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { MEDIA_TYPES, sha256Of } from '@shiplog/oci';
import { chunked, configOf, dockerParts, entry, hexOf, made, manifestJson, tar } from './testing/archives.test.util.ts';
import { assertStored, context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('docker archives');

test('given a docker-archive, when it is loaded, then image, tags and blobs are there', async ({ store, stateDir }) => {
  const image = await made();
  const loaded = await store.load('op1', chunked(await tar(...(await dockerParts(image)))), context());
  assert.is(loaded.length, 1);
  const [{ manifest, tags } = { manifest: undefined, tags: undefined }] = loaded;
  assert.equal(tags, ['thing:1', 'other/thing:latest']);
  assert.is(manifest?.id, image.id);
  assert.equal(
    manifest?.layers.map(({ diffId, digest, size, mediaType }) => [diffId, digest, size, mediaType]),
    image.layers.map((layer) => [sha256Of(layer), sha256Of(layer), layer.length, MEDIA_TYPES.ociLayer]),
  );
  assert.is(manifest?.layers[1]?.chainId, sha256Of(`${sha256Of(image.layers[0]!)} ${sha256Of(image.layers[1]!)}`));
  assert.is(manifest?.size, image.layers[0]!.length + image.layers[1]!.length);
  await assertStored(store, loaded);
  assert.equal(await readdir(join(stateDir, 'ingest')), []);
  assert.is((await store.observe()).length, 3);
});

test('given manifest.json first, last or in the middle, when it is loaded, then the image is the same', async ({ store }) => {
  const image = await made();
  const parts = await dockerParts(image);
  for (let at = 0; at < parts.length; at++) {
    const order = [...parts.slice(at), ...parts.slice(0, at)].map((part) => part);
    const [loaded] = await store.load(`op${at}`, chunked(await tar(...order), 777), context());
    assert.is(loaded?.manifest.id, image.id);
  }
});

for (const [name, compress] of [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const) {
  test(`given an archive in ${name} with layers in ${name}, when it is loaded, then blobs stay as they are and diff ids are of the content`, async ({
    store,
  }) => {
    const image = await made();
    const packed = image.layers.map((layer) => compress(layer));
    const manifest = manifestJson(`${hexOf(image.id)}.json`, null, ['one/layer.tar', 'two/layer.tar']);
    const archive = await tar(
      ['manifest.json', manifest],
      [`${hexOf(image.id)}.json`, image.config],
      ['one/layer.tar', packed[0]!],
      ['two/layer.tar', packed[1]!],
    );
    const loaded = await store.load('op1', chunked(compress(archive)), context());
    assert.equal(
      loaded[0]?.manifest.layers.map(({ diffId, digest }) => [diffId, digest]),
      image.layers.map((layer, at) => [sha256Of(layer), sha256Of(packed[at]!)]),
    );
    assert.is(loaded[0]?.manifest.size, image.layers[0]!.length + image.layers[1]!.length);
    await assertStored(store, loaded);
  });
}

test('given layers linked to each other and tags in `repositories`, when it is loaded, then links are followed inside the archive', async ({
  store,
}) => {
  const layer = await tar(['a', 'x']);
  const config = configOf([sha256Of(layer), sha256Of(layer), sha256Of(layer)]);
  const loaded = await store.load(
    'op1',
    chunked(
      await tar(
        ['config.json', config],
        ['one/layer.tar', layer],
        entry('two/layer.tar', { type: 'symlink', linkName: '../one/layer.tar' }),
        entry('three/layer.tar', { type: 'hardlink', linkName: 'one/layer.tar' }),
        ['repositories', JSON.stringify({ thing: { '7': 'three' } })],
        ['manifest.json', manifestJson('config.json', null, ['one/layer.tar', 'two/layer.tar', 'three/layer.tar'])],
      ),
    ),
    context(),
  );
  assert.equal(loaded[0]?.tags, ['thing:7']);
  assert.equal(
    loaded[0]?.manifest.layers.map((each) => each.digest),
    [sha256Of(layer), sha256Of(layer), sha256Of(layer)],
  );
});

test.run();
