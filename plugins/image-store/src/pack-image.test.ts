import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { BlobDescriptor, Digest, PackedLayer } from '@shiplog/contracts';
import { MEDIA_TYPES, parseManifest, sha256Of } from '@shiplog/oci';
import * as assert from 'uvu/assert';
import { Blobs } from './blobs.ts';
import { Manifests } from './manifests.ts';
import { packImage } from './pack-image.ts';
import { blobPart, chunked, descriptor, dockerParts, LAYOUT, made, ociIndex, tar } from './testing/archives.test.util.ts';
import { codeOf, context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('packed images');

/** Nobody has any layer. */
const nowhere = async () => false;

/** The file of a layer that has one. */
function fileOf({ path, digest }: PackedLayer): string {
  return path ?? assert.unreachable(`${digest} has no file`) ?? '';
}

test('given an image of plain layers, when it is packed twice, then they are compressed, and the bytes are the same', async ({
  store,
  stateDir,
}) => {
  const image = await made();
  const [loaded] = await store.load('op1', chunked(await tar(...(await dockerParts(image)))), context());
  const packed = await store.pack('one', loaded!.manifest, nowhere, context());
  const again = await store.pack('two', loaded!.manifest, nowhere, context());
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
    const content = await readFile(fileOf(layer));
    assert.equal([sha256Of(content), content.length], [layer.digest, layer.size]);
    assert.is(sha256Of(gunzipSync(content)), loaded!.manifest.layers[index]?.diffId);
  }
  await store.discard('one');
  await store.discard('two');
  assert.equal(await readdir(join(stateDir, 'ingest')), []);
});

/** An image of compressed layers in Docker's types, as a registry has it. */
async function dockerImage() {
  const { layers, config } = await made();
  const compressed = layers.map((layer) => gzipSync(layer, { level: 1 }));
  // As Docker writes it, and nobody else.
  const text = JSON.stringify(
    {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.dockerManifest,
      config: descriptor('application/vnd.docker.container.image.v1+json', config),
      layers: compressed.map((layer) => descriptor('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)),
    },
    undefined,
    3,
  );
  const manifest = Buffer.from(text);
  const blobs = new Map([manifest, config, ...compressed].map((blob): [string, Uint8Array] => [sha256Of(blob), blob]));
  const fetch = async ({ digest }: BlobDescriptor, path: string): Promise<void> => writeFile(path, blobs.get(digest) ?? '');
  return { layers, config, compressed, manifest, fetch };
}

test('given an image of a compressed layer, when it is packed, then that is sent as it came', async ({ store }) => {
  const { config, compressed, manifest } = await dockerImage();
  const index = ociIndex(descriptor(MEDIA_TYPES.dockerManifest, manifest));
  const archive = await tar(LAYOUT, ['index.json', index], blobPart(manifest), blobPart(config), ...compressed.map(blobPart));
  const [loaded] = await store.load('op1', chunked(archive), context());
  const packed = await store.pack('one', loaded!.manifest, nowhere, context());
  assert.equal(
    await Promise.all(packed.layers.map(async (layer) => [layer.digest, layer.mediaType, sha256Of(await readFile(fileOf(layer)))])),
    compressed.map((layer) => [sha256Of(layer), 'application/vnd.oci.image.layer.v1.tar+gzip', sha256Of(layer)]),
  );
});

test('given an image that was pulled, when it is packed, then its manifest is the one it came by, to the byte; also after its layers were loaded plain', async ({
  store,
}) => {
  const image = await dockerImage();
  const { manifest, layers, compressed } = image;
  const root = { mediaType: MEDIA_TYPES.dockerManifest, digest: sha256Of(manifest), size: manifest.length };
  const pulled = await store.pull('op1', root, image.fetch, context());
  const packed = await store.pack('one', pulled.manifest, nowhere, context());
  assert.equal([packed.manifest.digest, packed.manifest.mediaType], [root.digest, root.mediaType]);
  assert.equal(await readFile(packed.manifest.path), manifest);
  const [loaded] = await store.load('op2', chunked(await tar(...(await dockerParts(await made())))), context());
  assert.equal(
    loaded!.manifest.layers.map(({ digest }) => digest),
    layers.map((layer) => sha256Of(layer)),
  );
  const asked: string[] = [];
  const there = async ({ digest }: PackedLayer) => asked.push(digest) > 0;
  const again = await store.pack('two', loaded!.manifest, there, context());
  assert.equal([again.manifest.digest, asked], [root.digest, compressed.map((layer) => sha256Of(layer))]);
  assert.equal(
    again.layers.map(({ digest, path }) => [digest, path]),
    asked.map((digest) => [digest, undefined]),
  );
  // Whoever compressed them otherwise has no say where that is nowhere.
  const own = await store.pack('three', loaded!.manifest, nowhere, context());
  assert.is(own.manifest.mediaType, MEDIA_TYPES.ociManifest);
  for (const layer of own.layers) assert.is(sha256Of(await readFile(fileOf(layer))), layer.digest);
});

test('given an image of plain layers that was packed, when it is packed for whoever has them, then nothing is compressed, and the manifest is the same; also where what was remembered is damaged or lost', async ({
  store,
  stateDir,
}) => {
  const [loaded] = await store.load('op1', chunked(await tar(...(await dockerParts(await made())))), context());
  const { manifest } = loaded!;
  const first = await store.pack('one', manifest, nowhere, context());
  const again = await store.pack('two', manifest, async () => true, context());
  assert.is(again.manifest.digest, first.manifest.digest);
  assert.equal(
    again.layers.map(({ digest, path }) => [digest, path]),
    first.layers.map(({ digest }) => [digest, undefined]),
  );
  assert.equal(
    (await readdir(join(stateDir, 'ingest', 'two'))).filter((name) => name.startsWith('layer')),
    [],
  );
  const remembered = join(stateDir, 'manifests', manifest.id.slice(7));
  for (const content of ['{"schemaVersion":2', '{}', undefined]) {
    await (content === undefined ? rm(remembered) : writeFile(remembered, content));
    const made = await store.pack('three', manifest, async () => true, context());
    assert.is(made.manifest.digest, first.manifest.digest);
    for (const layer of made.layers) assert.is(sha256Of(await readFile(fileOf(layer))), layer.digest);
  }
  await store.remove([manifest.id]);
  assert.equal(await readdir(join(stateDir, 'manifests')), []);
});

test('given an image that is being packed, when it is removed meanwhile, then all of it can still be sent', async ({ store }) => {
  const [loaded] = await store.load('op1', chunked(await tar(...(await dockerParts(await made())))), context());
  const { manifest } = loaded!;
  await store.pack('one', manifest, nowhere, context());
  const removing = async (): Promise<boolean> => {
    await store.remove([manifest.id, ...manifest.layers.map(({ digest }) => digest)]);
    return false;
  };
  const packed = await store.pack('two', manifest, removing, context());
  assert.is(await codeOf(store.path(manifest.id)), 'BLOB_NOT_FOUND');
  for (const layer of packed.layers) assert.is(sha256Of(await readFile(fileOf(layer))), layer.digest);
  assert.is(sha256Of(await readFile(packed.config.path)), manifest.id);
  await store.discard('two');
});

test('given an image that is being packed, when it is removed right before its manifest is remembered, then nothing of it stays', async ({
  store,
  stateDir,
}) => {
  const [loaded] = await store.load('op1', chunked(await tar(...(await dockerParts(await made())))), context());
  const { manifest } = loaded!;
  class RemovedMeanwhile extends Blobs {
    override async has(digest: Digest): Promise<boolean> {
      const found = await super.has(digest);
      await store.remove([manifest.id, ...manifest.layers.map((layer) => layer.digest)]);
      return found;
    }
  }
  const directory = join(stateDir, 'ingest', 'one');
  await mkdir(directory);
  const manifests = new Manifests(join(stateDir, 'manifests'));
  const blobs = new RemovedMeanwhile(join(stateDir, 'blobs', 'sha256'));
  await packImage(manifest, { directory, blobs, manifests, isThere: nowhere, signal: context().signal });
  assert.equal(await readdir(join(stateDir, 'manifests')), []);
});

test('given a layer that is damaged or gone, or a caller that is, when an image is packed, then that fails and leaves nothing', async ({
  store,
  stateDir,
}) => {
  const image = await made();
  const [loaded] = await store.load('op1', chunked(await tar(...(await dockerParts(image)))), context());
  const { manifest } = loaded!;
  await store.pack('gone', manifest, nowhere, context(AbortSignal.abort())).then(
    () => assert.unreachable(),
    () => undefined,
  );
  const path = await store.path(manifest.layers[0]!.digest);
  const content = await readFile(path);
  content[0] = (content[0] ?? 0) ^ 1;
  await writeFile(path, content);
  assert.is(await codeOf(store.pack('one', manifest, nowhere, context())), 'DIGEST_MISMATCH');
  await store.remove([manifest.layers[0]!.digest]);
  assert.is(await codeOf(store.pack('one', manifest, nowhere, context())), 'BLOB_NOT_FOUND');
  assert.equal(await readdir(join(stateDir, 'ingest')), []);
});

test.run();
