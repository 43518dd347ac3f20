import { readFile, rm, writeFile } from 'node:fs/promises';
import * as assert from 'uvu/assert';
import { type IngestedImage } from '@shiplog/contracts';
import { MEDIA_TYPES, parseIndex, parseManifest, readTar, sha256Of } from '@shiplog/oci';
import { blobPart, chunked, descriptor, dockerParts, LAYOUT, made, ociIndex, tar } from './testing/archives.test.util.ts';
import { codeOf, context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('saved images');

async function bytesOf(archive: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Files of a tar, by name. */
async function filesOf(bytes: Uint8Array): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const entry of readTar(chunked(bytes), { end: 'marker' })) {
    if (entry.type === 'file') files.set(entry.name, await bytesOf(entry.content));
  }
  return files;
}

const json = (files: ReadonlyMap<string, Buffer>, name: string): unknown => JSON.parse(String(files.get(name)));

test('given an image with two names, when it is saved twice, then the bytes are the same, an OCI layout and what docker save writes', async ({
  store,
}) => {
  const image = await made();
  const [loaded] = await store.load('op1', chunked(await tar(...(await dockerParts(image)))), context());
  const saved = await bytesOf(store.save([loaded!]));
  assert.ok(saved.equals(await bytesOf(store.save([loaded!]))));
  const files = await filesOf(saved);
  assert.equal(json(files, 'oci-layout'), { imageLayoutVersion: '1.0.0' });
  const index = parseIndex(files.get('index.json')!);
  assert.equal(
    index.manifests.map(({ annotations }) => annotations),
    [
      { 'io.containerd.image.name': 'docker.io/library/thing:1', 'org.opencontainers.image.ref.name': '1' },
      { 'io.containerd.image.name': 'docker.io/other/thing:latest', 'org.opencontainers.image.ref.name': 'latest' },
    ],
  );
  const [first] = index.manifests;
  const blob = (digest: string): Buffer => files.get(`blobs/sha256/${digest.slice(7)}`)!;
  const manifest = parseManifest(blob(first!.digest));
  for (const { digest, size } of [first!, manifest.config, ...manifest.layers])
    assert.equal([sha256Of(blob(digest)), blob(digest).length], [digest, size]);
  assert.is(manifest.config.digest, image.id);
  const [docker] = json(files, 'manifest.json') as readonly {
    readonly Config: string;
    readonly RepoTags: unknown;
    readonly Layers: string[];
  }[];
  assert.is(docker?.Config, `blobs/sha256/${image.id.slice(7)}`);
  assert.equal(docker?.RepoTags, ['thing:1', 'other/thing:latest']);
  assert.equal(
    docker?.Layers,
    manifest.layers.map(({ digest }) => `blobs/sha256/${digest.slice(7)}`),
  );
  const top = manifest.layers.at(-1)!.digest.slice(7);
  assert.equal(json(files, 'repositories'), { thing: { 1: top }, 'other/thing': { latest: top } });
});

test('given what was saved, when it is loaded by either of its forms, then image and names are as before', async ({ store }) => {
  const [image, other] = [await made(), await made()];
  const both = await store.load('op1', chunked(await tar(...(await dockerParts(image)))), context());
  const saved = await filesOf(await bytesOf(store.save(both)));
  const asDocker = [...saved].filter(([name]) => name !== 'index.json' && name !== 'oci-layout');
  const asOci = [...saved].filter(([name]) => name !== 'manifest.json' && name !== 'repositories');
  for (const parts of [[...saved], asDocker, asOci]) {
    await store.remove([image.id, ...both[0]!.manifest.layers.map(({ digest }) => digest)]);
    const again = await store.load('op2', chunked(await tar(...parts)), context());
    assert.equal(
      again.map(({ manifest, tags }) => [manifest.id, tags]),
      [[other.id, ['thing:1', 'other/thing:latest']]],
    );
  }
});

test('given an image without a name whose layers Docker types, when it is saved, then types are OCI and nothing names it', async ({
  store,
}) => {
  const image = await made();
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.dockerManifest,
      config: descriptor(MEDIA_TYPES.dockerConfig, image.config),
      layers: image.layers.map((layer) => descriptor(MEDIA_TYPES.dockerLayer, layer)),
    }),
  );
  const parts = [LAYOUT, blobPart(manifest), blobPart(image.config), ...image.layers.map(blobPart)];
  const archive = await tar(...parts, ['index.json', ociIndex(descriptor(MEDIA_TYPES.dockerManifest, manifest))]);
  const files = await filesOf(await bytesOf(store.save(await store.load('op1', chunked(archive), context()))));
  const [entry, ...more] = parseIndex(files.get('index.json')!).manifests;
  assert.equal([entry?.annotations, more], [{}, []]);
  const { config, layers } = parseManifest(files.get(`blobs/sha256/${entry?.digest.slice(7)}`)!);
  assert.equal(
    [config.mediaType, ...layers.map(({ mediaType }) => mediaType)],
    [MEDIA_TYPES.ociConfig, MEDIA_TYPES.ociLayer, MEDIA_TYPES.ociLayer],
  );
  assert.is((json(files, 'manifest.json') as readonly { readonly RepoTags: unknown }[])[0]?.RepoTags, null);
  assert.not.ok(files.has('repositories'));
});

async function one(store: Parameters<Parameters<typeof test>[1]>[0]['store']): Promise<IngestedImage> {
  const [image] = await store.load('op1', chunked(await tar(...(await dockerParts(await made())))), context());
  return image!;
}

test('given a blob with one other byte, or cut, when its image is saved, then the reading fails and no tar is whole', async ({ store }) => {
  const image = await one(store);
  const path = await store.path(image.manifest.layers[1]!.digest);
  const whole = await readFile(path);
  const flipped = Buffer.from(whole);
  flipped[700]! ^= 1;
  for (const damaged of [flipped, whole.subarray(0, 512)]) {
    await rm(path);
    await writeFile(path, damaged);
    const chunks: Uint8Array[] = [];
    const reading = async (): Promise<void> => {
      for await (const chunk of store.save([image])) chunks.push(chunk);
    };
    assert.is(await codeOf(reading()), 'DIGEST_MISMATCH');
    assert.is(await codeOf(filesOf(Buffer.concat(chunks))), 'ARCHIVE_INVALID');
  }
});

test('given a blob that is gone, when its image is saved, then nothing comes; if it goes while the archive is read, it comes all the same', async ({
  store,
}) => {
  const image = await one(store);
  const { manifest } = image;
  const expected = await bytesOf(store.save([image]));
  const reading = store.save([image])[Symbol.asyncIterator]();
  const first = await reading.next();
  await store.remove([manifest.id, ...manifest.layers.map(({ digest }) => digest)]);
  const rest = await bytesOf({ [Symbol.asyncIterator]: () => reading });
  assert.ok(Buffer.concat([first.value as Uint8Array, rest]).equals(expected));
  assert.is(await codeOf(store.save([image])[Symbol.asyncIterator]().next()), 'BLOB_NOT_FOUND');
});

test.run();
