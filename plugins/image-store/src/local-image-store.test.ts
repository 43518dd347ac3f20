import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { createContext, type Digest, type ErrorCode, type IngestedImage, type Progress, ShiplogError } from '@shiplog/contracts';
import { hostPlatform, MEDIA_TYPES, sha256Of, type TarEntryInput, writeTar } from '@shiplog/oci';
import plugin, { LocalImageStore } from './index.ts';

const test = suite<{ stateDir: string; store: LocalImageStore }>('local image store');

test.before.each(async (context) => {
  context.stateDir = await mkdtemp(join(tmpdir(), 'images-'));
  context.store = new LocalImageStore({ engineId: '0123456789ab', stateDir: context.stateDir, runDir: context.stateDir });
});
test.after.each(async (context) => {
  await rm(context.stateDir, { recursive: true, force: true });
});

const context = (signal: AbortSignal = new AbortController().signal) => createContext({ op: 'op1', signal });

async function* chunked(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

type Part = readonly [name: string, content: string | Uint8Array] | TarEntryInput;

function entry(name: string, rest: Partial<TarEntryInput>): TarEntryInput {
  const common = {
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtimeNs: 0n,
    size: 0,
    linkName: '',
    major: 0,
    minor: 0,
    xattrs: new Map<string, Uint8Array>(),
  };
  return { ...common, name, type: 'file', ...rest };
}

async function tar(...parts: readonly Part[]): Promise<Buffer> {
  const entries = parts.map((part): TarEntryInput => {
    if (!isFile(part)) return part;
    const bytes = Buffer.from(part[1]);
    return entry(part[0], { size: bytes.length, content: chunked(bytes) });
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function isFile(part: Part): part is readonly [string, string | Uint8Array] {
  return Array.isArray(part);
}

async function codeOf(work: Promise<unknown>): Promise<ErrorCode> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ShiplogError) return error.code;
    throw error;
  }
  throw new Error('it succeeded');
}

function configOf(diffIds: readonly Digest[], more: object = {}): Buffer {
  const text = {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/sh'], Env: ['A=1'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
  return Buffer.from(JSON.stringify({ ...text, ...more }));
}

const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);

interface Made {
  readonly layers: readonly Buffer[];
  readonly config: Buffer;
  readonly id: Digest;
}

async function made(): Promise<Made> {
  const layers = [await tar(['etc/a', 'lower'], ['big', 'x'.repeat(50_000)]), await tar(['etc/b', 'upper'])];
  const config = configOf(layers.map((layer) => sha256Of(layer)));
  return { layers, config, id: sha256Of(config) };
}

function manifestJson(config: string, tags: readonly string[] | null, layers: readonly string[]): string {
  return JSON.stringify([{ Config: config, RepoTags: tags, Layers: layers }]);
}

async function dockerParts({ layers, config, id }: Made): Promise<Part[]> {
  return [
    [`${hexOf(id)}.json`, config],
    ['one/layer.tar', layers[0]!],
    ['two/layer.tar', layers[1]!],
    ['manifest.json', manifestJson(`${hexOf(id)}.json`, ['docker.io/library/thing:1', 'other/thing'], ['one/layer.tar', 'two/layer.tar'])],
  ];
}

/** Nothing of a failed load may stay. */
async function assertEmpty(stateDir: string, store: LocalImageStore): Promise<void> {
  assert.equal(await store.observe(), []);
  assert.equal(await readdir(join(stateDir, 'ingest')), []);
}

async function assertStored(store: LocalImageStore, images: readonly IngestedImage[]): Promise<void> {
  for (const { manifest } of images) {
    for (const digest of [manifest.id, ...manifest.layers.map((layer) => layer.digest)]) {
      assert.is(sha256Of(await readFile(await store.path(digest))), digest);
    }
  }
}

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

function descriptor(mediaType: string, bytes: Uint8Array, more: object = {}): object {
  return { mediaType, digest: sha256Of(bytes), size: bytes.length, ...more };
}

const blobPart = (bytes: Uint8Array): Part => [`blobs/sha256/${hexOf(sha256Of(bytes))}`, bytes];
const LAYOUT: Part = ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'];

function ociManifest(image: Made): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: descriptor(MEDIA_TYPES.ociConfig, image.config),
      layers: image.layers.map((layer) => descriptor(MEDIA_TYPES.ociLayer, layer)),
    }),
  );
}

function ociIndex(...manifests: readonly object[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }));
}

test('given an OCI layout with a nested index, when it is loaded, then the platform of this host is taken and both annotations tag', async ({
  store,
}) => {
  const image = await made();
  const manifest = ociManifest(image);
  const { os, architecture } = hostPlatform();
  const foreign = Buffer.from('{"absent":true}');
  const nested = ociIndex(
    descriptor(MEDIA_TYPES.ociManifest, foreign, { platform: { os, architecture: 'mips' } }),
    descriptor(MEDIA_TYPES.ociManifest, foreign, { platform: { os: 'unknown', architecture: 'unknown' } }),
    descriptor(MEDIA_TYPES.ociManifest, manifest, { platform: { os, architecture } }),
  );
  const annotations = (names: object): object => ({ annotations: names });
  const index = ociIndex(
    descriptor(
      MEDIA_TYPES.ociIndex,
      nested,
      annotations({ 'io.containerd.image.name': 'docker.io/library/thing:1', 'org.opencontainers.image.ref.name': '1' }),
    ),
    descriptor(MEDIA_TYPES.ociManifest, manifest, annotations({ 'org.opencontainers.image.ref.name': 'host.example/thing:2' })),
    descriptor(MEDIA_TYPES.ociManifest, manifest, annotations({ 'org.opencontainers.image.ref.name': 'latest' })),
  );
  const archive = await tar(
    ...image.layers.map(blobPart),
    blobPart(image.config),
    blobPart(manifest),
    blobPart(nested),
    ['index.json', index],
    LAYOUT,
  );
  const loaded = await store.load('op1', chunked(archive), context());
  assert.is(loaded.length, 1);
  assert.is(loaded[0]?.manifest.id, image.id);
  assert.equal(loaded[0]?.tags, ['thing:1', 'host.example/thing:2']);
  await assertStored(store, loaded);
});

test('given an OCI layout for another platform alone, when it is loaded, then it is taken as it is', async ({ store }) => {
  const image = await made();
  const manifest = ociManifest(image);
  const index = ociIndex(descriptor(MEDIA_TYPES.ociManifest, manifest, { platform: { os: 'linux', architecture: 'mips' } }));
  const archive = await tar(['index.json', index], LAYOUT, blobPart(manifest), blobPart(image.config), ...image.layers.map(blobPart));
  assert.is((await store.load('op1', chunked(archive), context()))[0]?.manifest.id, image.id);
});

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

const hostile: readonly (readonly [given: string, code: ErrorCode, parts: (image: Made) => Promise<readonly Part[]>])[] = [
  [
    'a missing layer',
    'ARCHIVE_INVALID',
    async (image) => (await dockerParts(image)).filter((part) => !isFile(part) || part[0] !== 'two/layer.tar'),
  ],
  ['a missing config', 'ARCHIVE_INVALID', async (image) => (await dockerParts(image)).slice(1)],
  ['no manifest at all', 'ARCHIVE_INVALID', async (image) => (await dockerParts(image)).slice(0, 3)],
  ['a changed layer', 'DIGEST_MISMATCH', async (image) => dockerParts({ ...image, layers: [image.layers[1]!, image.layers[0]!] })],
  [
    'a changed config',
    'DIGEST_MISMATCH',
    async (image) => dockerParts({ ...image, config: Buffer.concat([image.config, Buffer.from(' ')]) }),
  ],
  ['two files of one name', 'ARCHIVE_INVALID', async (image) => [...(await dockerParts(image)), ['./manifest.json', '[]']]],
  ['a file outside', 'ARCHIVE_ESCAPES', async (image) => [['../evil', 'x'], ...(await dockerParts(image))]],
  [
    'a symlink outside',
    'ARCHIVE_ESCAPES',
    async (image) => [entry('one', { type: 'symlink', linkName: '../../etc' }), ...(await dockerParts(image))],
  ],
  [
    'a hard link outside',
    'ARCHIVE_ESCAPES',
    async (image) => [entry('l', { type: 'hardlink', linkName: '../etc/shadow' }), ...(await dockerParts(image))],
  ],
  ['a device', 'ARCHIVE_INVALID', async (image) => [entry('sda', { type: 'block', major: 8 }), ...(await dockerParts(image))]],
  ['a pipe', 'ARCHIVE_INVALID', async (image) => [entry('p', { type: 'fifo' }), ...(await dockerParts(image))]],
  [
    'links in a circle',
    'ARCHIVE_INVALID',
    async () => [
      entry('a', { type: 'symlink', linkName: 'b' }),
      entry('b', { type: 'symlink', linkName: 'a' }),
      ['manifest.json', manifestJson('a', null, [])],
    ],
  ],
  ['a config outside', 'ARCHIVE_ESCAPES', async () => [['manifest.json', manifestJson('../../etc/passwd', null, [])]]],
  ['an absolute config', 'ARCHIVE_INVALID', async () => [['manifest.json', manifestJson('/etc/passwd', null, [])]]],
  ['a manifest that is not JSON', 'ARCHIVE_INVALID', async () => [['manifest.json', '{']]],
  ['a manifest that lists nothing', 'ARCHIVE_INVALID', async () => [['manifest.json', '[]']]],
  ['a manifest of numbers', 'ARCHIVE_INVALID', async () => [['manifest.json', '[{"Config":1}]']]],
  ['a huge manifest', 'ARCHIVE_INVALID', async () => [['manifest.json', `[${' '.repeat(5 * 1024 * 1024)}]`]]],
  [
    'a tag that is none',
    'ARCHIVE_INVALID',
    async (image) => [
      ['c', image.config],
      ['manifest.json', manifestJson('c', ['Bad Tag'], [])],
    ],
  ],
  [
    'a layer of garbage gzip',
    'ARCHIVE_INVALID',
    async (image) => [['one/layer.tar', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8])], ...(await dockerParts(image)).slice(2)],
  ],
  [
    'more layers than diff ids',
    'ARCHIVE_INVALID',
    async (image) => [
      ['c', configOf([])],
      ['l', image.layers[0]!],
      ['manifest.json', manifestJson('c', null, ['l'])],
    ],
  ],
  [
    'an OCI blob with another digest',
    'DIGEST_MISMATCH',
    async (image) => {
      const manifest = ociManifest(image);
      const name = `blobs/sha256/${hexOf(sha256Of(manifest))}`;
      return [['index.json', ociIndex(descriptor(MEDIA_TYPES.ociManifest, manifest))], LAYOUT, [name, `${manifest.toString()} `]];
    },
  ],
  [
    'an OCI blob with another size',
    'DIGEST_MISMATCH',
    async (image) => {
      const manifest = ociManifest(image);
      return [['index.json', ociIndex(descriptor(MEDIA_TYPES.ociManifest, manifest, { size: 3 }))], LAYOUT, blobPart(manifest)];
    },
  ],
  ['an OCI index without images', 'ARCHIVE_INVALID', async () => [['index.json', ociIndex()], LAYOUT]],
];
for (const [given, code, parts] of hostile) {
  test(`given an archive with ${given}, when it is loaded, then it is ${code} and nothing stays`, async ({ store, stateDir }) => {
    const archive = await tar(...(await parts(await made())));
    assert.is(await codeOf(store.load('op1', chunked(archive), context())), code);
    await assertEmpty(stateDir, store);
  });
}

test('given an archive cut at every 512 bytes, when it is loaded, then it is refused and nothing stays', async ({ store, stateDir }) => {
  const layer = await tar(['a', 'x']);
  const config = configOf([sha256Of(layer)]);
  const archive = await tar(['c', config], ['l', layer], ['manifest.json', manifestJson('c', null, ['l'])]);
  for (let cut = 0; cut < archive.length - 1024; cut += 512) {
    assert.is(await codeOf(store.load('op1', chunked(archive.subarray(0, cut)), context())), 'ARCHIVE_INVALID', `cut at ${cut}`);
    await assertEmpty(stateDir, store);
  }
  const packed = gzipSync(archive);
  for (let cut = 0; cut < packed.length; cut += 101) {
    assert.is(await codeOf(store.load('op1', chunked(packed.subarray(0, cut)), context())), 'ARCHIVE_INVALID', `cut at ${cut} of gzip`);
  }
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

test('given a root file system and changes, when it is imported, then the image runs as they say, and the same again has the same id', async ({
  store,
}) => {
  const rootfs = await tar(['bin/sh', 'x']);
  const options = {
    message: 'from a test',
    at: '1700000000123456789',
    architecture: 'amd64',
    changes: ['CMD ["/bin/sh", "-c"]', 'ENV A=1 B="two words"', 'WORKDIR /srv', 'EXPOSE 80 53/udp', 'ONBUILD RUN true'],
  };
  const imported = await store.import('op1', chunked(rootfs), options, context());
  assert.equal(imported.tags, []);
  assert.is(imported.manifest.created, '2023-11-14T22:13:20.123456789Z');
  assert.equal(imported.manifest.config, {
    Cmd: ['/bin/sh', '-c'],
    Env: ['A=1', 'B=two words'],
    WorkingDir: '/srv',
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
  });
  assert.is(imported.manifest.layers[0]?.diffId, sha256Of(rootfs));
  await assertStored(store, [imported]);
  const again = await store.import('op2', chunked(gzipSync(rootfs)), options, context());
  assert.is(again.manifest.id, imported.manifest.id);
});

test('given a bad tar or bad changes, when it is imported, then it is refused and nothing stays', async ({ store, stateDir }) => {
  const options = { message: '', at: '0', architecture: 'amd64', changes: [] };
  const good = await tar(['a', 'x'.repeat(2000)]);
  for (let cut = 0; cut < good.length - 1024; cut += 512) {
    assert.is(await codeOf(store.import('op1', chunked(good.subarray(0, cut)), options, context())), 'ARCHIVE_INVALID', `cut at ${cut}`);
  }
  assert.is(await codeOf(store.import('op1', chunked(await tar(['../a', 'x'])), options, context())), 'ARCHIVE_ESCAPES');
  assert.is(await codeOf(store.import('op1', chunked(good), { ...options, changes: ['RUN true'] }, context())), 'REQUEST_INVALID');
  await assertEmpty(stateDir, store);
});

test('given the plugin, when its definition is read, then it offers the image store `local`', () => {
  assert.equal(
    plugin.drivers.map(({ manifest }) => [manifest.kind, manifest.name]),
    [['image-store', 'local']],
  );
});

test.run();
