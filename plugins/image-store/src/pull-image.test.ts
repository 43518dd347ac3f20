import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobDescriptor, createContext, type Digest, ShiplogError } from '@shiplog/contracts';
import { hostPlatform, sha256Of } from '@shiplog/oci';
import * as assert from 'uvu/assert';
import { image, Source } from './testing/source.test.util.ts';
import { context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('pulled images');

const INDEX = 'application/vnd.oci.image.index.v1+json';
const indexOf = (manifests: readonly object[]) => ({ schemaVersion: 2, mediaType: INDEX, manifests });

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (error instanceof ShiplogError ? error.code : String(error)),
  );
}

test('given an image, when it is pulled, then it is stored; again, then only its manifest is fetched', async ({ store, stateDir }) => {
  const source = new Source();
  const { manifest, id, layer } = await image(source);
  const pulled = await store.pull('one', manifest, source.fetch, context());
  assert.equal([pulled.manifest.id, pulled.tags, pulled.manifest.layers.map(({ digest }) => digest)], [id, [], [layer]]);
  assert.equal((await store.observe()).map((found) => found.id).toSorted(), [id, layer].toSorted());
  source.fetched.length = 0;
  assert.equal((await store.pull('two', manifest, source.fetch, context())).manifest, pulled.manifest);
  assert.equal(source.fetched, [manifest.digest]);
  assert.equal(await readdir(join(stateDir, 'ingest')), []);
});

test('given an index of several platforms, when it is pulled, then the one for this host is taken, and no blob of another', async ({
  store,
}) => {
  const source = new Source();
  const mine = await image(source);
  const others = await image(source, { os: 'linux', architecture: 's390x' });
  const nested = source.add(INDEX, indexOf([{ ...mine.manifest, platform: hostPlatform() }]));
  const root = source.add(
    INDEX,
    indexOf([
      { ...others.manifest, platform: { os: 'linux', architecture: 's390x' } },
      { ...nested, platform: hostPlatform() },
    ]),
  );
  assert.is((await store.pull('one', root, source.fetch, context())).manifest.id, mine.id);
  assert.not.ok(source.fetched.includes(others.manifest.digest));
  const foreign = source.add(INDEX, indexOf([{ ...others.manifest, platform: { os: 'linux', architecture: 's390x' } }]));
  await store.pull('two', foreign, source.fetch, context()).then(
    () => assert.unreachable('it was pulled'),
    (error: unknown) => assert.match(String(error), /has no image for linux\/.*, but for: linux\/s390x/),
  );
});

test('given a platform that is asked for, when an image is pulled, then it is of that platform, or refused', async ({ store }) => {
  const source = new Source();
  const [mine, others] = [await image(source), await image(source, { os: 'linux', architecture: 's390x' })];
  const root = source.add(
    INDEX,
    indexOf([
      { ...mine.manifest, platform: hostPlatform() },
      { ...others.manifest, platform: { os: 'linux', architecture: 's390x' } },
    ]),
  );
  assert.is((await store.pull('one', root, source.fetch, context(), { platform: 'linux/s390x' })).manifest.id, others.id);
  assert.is(await codeOf(store.pull('two', mine.manifest, source.fetch, context(), { platform: 'linux/s390x' })), 'ARCHIVE_INVALID');
});

test('given an image, when it is pulled, then its layers are told of in the words of docker; again, nothing is', async ({ store }) => {
  const source = new Source();
  const { manifest, layer } = await image(source);
  const told: string[] = [];
  const telling = () =>
    createContext({ op: 'op', signal: new AbortController().signal, progress: ({ id, status }) => told.push(`${id} ${status}`) });
  await store.pull('one', manifest, source.fetch, telling());
  const id = layer.slice(7, 19);
  assert.equal(told, [`${id} Pulling fs layer`, `${id} Verifying Checksum`, `${id} Download complete`]);
  await store.pull('two', manifest, source.fetch, telling());
  assert.is(told.length, 3);
});

test('given images with a blob in common, when they are pulled side by side, then it is fetched once, and again only where that fails', async ({
  store,
  stateDir,
}) => {
  for (const fails of [false, true]) {
    const source = new Source();
    const { manifest, layer } = await image(source);
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const slow = async (blob: BlobDescriptor, path: string): Promise<void> => {
      await source.fetch(blob, path);
      if (blob.digest !== layer) return;
      reached.resolve();
      await gate.promise;
      if (fails) throw new ShiplogError('REGISTRY_UNAVAILABLE', 'gone');
    };
    const first = store.pull('one', manifest, slow, context());
    await reached.promise;
    const canceled = new AbortController();
    const third = codeOf(store.pull('three', manifest, source.fetch, context(canceled.signal)));
    const second = store.pull('two', manifest, source.fetch, context());
    canceled.abort(new ShiplogError('CANCELED', 'no more'));
    assert.is(await third, 'CANCELED');
    gate.resolve();
    const [one, two] = await Promise.allSettled([first, second]);
    assert.equal([one.status, two.status], [fails ? 'rejected' : 'fulfilled', 'fulfilled']);
    assert.is(source.fetched.filter((digest) => digest === layer).length, fails ? 2 : 1);
    assert.is(sha256Of(await readFile(await store.path(layer))), layer);
    assert.equal(await readdir(join(stateDir, 'ingest')), []);
    await store.remove([...source.blobs.keys()]);
  }
});

test('given an image that is being pulled, when blobs of it that were here are removed, then it has them all the same; nothing is stored before its turn', async ({
  store,
}) => {
  const source = new Source();
  const { manifest, id, layer } = await image(source);
  await store.pull('one', manifest, source.fetch, context());
  await store.remove([id]);
  const turn = async (): Promise<void> => {
    assert.equal(
      (await store.observe()).flatMap(({ resource, id: digest }) => (resource === 'blob' ? [digest] : [])),
      [layer],
    );
    await store.remove([layer]);
  };
  await store.pull('two', manifest, source.fetch, { ...context(), turn });
  for (const digest of [id, layer]) assert.is(sha256Of(await readFile(await store.path(digest))), digest);
  assert.is(source.fetched.filter((digest) => digest === layer).length, 1);
});

test('given an image that is known with these layers, when it is pulled, then it is as it is known; with others, it is examined', async ({
  store,
}) => {
  const source = new Source();
  const { manifest, id } = await image(source);
  const pulled = await store.pull('one', manifest, source.fetch, context());
  const known = { ...pulled.manifest, comment: 'known' };
  const again = (layers = known.layers) =>
    store.pull('two', manifest, source.fetch, context(), { known: (asked) => (asked === id ? { ...known, layers } : undefined) });
  assert.is((await again()).manifest.comment, 'known');
  assert.is((await again([])).manifest.comment, undefined);
  await store.remove([id]);
  assert.is((await again()).manifest.comment, undefined);
});

test('given an image, or an index, when its platforms are asked for, then they are told, no layer is fetched, and nothing stays', async ({
  store,
  stateDir,
}) => {
  const source = new Source();
  const one = await image(source, { os: 'linux', architecture: 'arm', variant: 'v7' });
  assert.equal(await store.platforms('one', one.manifest, source.fetch, context()), [{ os: 'linux', architecture: 'arm', variant: 'v7' }]);
  assert.equal(source.fetched, [one.manifest.digest, one.id]);
  const root = source.add(
    INDEX,
    indexOf([
      { ...one.manifest, platform: { os: 'linux', architecture: 's390x' } },
      { ...one.manifest, platform: { os: 'unknown', architecture: 'unknown' } },
      one.manifest,
    ]),
  );
  assert.equal(await store.platforms('two', root, source.fetch, context()), [
    { os: 'linux', architecture: 's390x' },
    { os: 'unknown', architecture: 'unknown' },
  ]);
  assert.equal(await store.observe(), []);
  assert.equal(await readdir(join(stateDir, 'ingest')), []);
  // What is here need not travel.
  await store.pull('three', one.manifest, source.fetch, context(), { platform: 'linux/arm/v7' });
  source.fetched.length = 0;
  await store.platforms('four', one.manifest, source.fetch, context());
  assert.equal(source.fetched, [one.manifest.digest]);
});

test('given sources that do something wrong, when platforms are asked for, then it fails, and nothing stays', async ({
  store,
  stateDir,
}) => {
  const source = new Source();
  const { manifest, id } = await image(source);
  const asked = (blob: BlobDescriptor): Promise<string> => codeOf(store.platforms('one', blob, source.fetch, context()));
  assert.is(await asked({ ...manifest, size: 2 ** 30 }), 'ARCHIVE_INVALID');
  assert.is(await asked({ ...manifest, mediaType: INDEX }), 'ARCHIVE_INVALID');
  source.blobs.set(id, Buffer.from('{}'));
  assert.is(await asked(manifest), 'DIGEST_MISMATCH');
  source.blobs.delete(id);
  assert.is(await asked(manifest), 'BLOB_NOT_FOUND');
  assert.equal(await readdir(join(stateDir, 'ingest')), []);
});

/** A source that does something wrong, and the code it is told. */
const HOSTILE: readonly (readonly [
  does: string,
  code: string,
  make: (source: Source, manifest: BlobDescriptor, layer: Digest) => BlobDescriptor | Promise<BlobDescriptor>,
])[] = [
  [
    'has another layer than announced',
    'DIGEST_MISMATCH',
    (source, manifest, layer) => (source.blobs.set(layer, Buffer.from('other')), manifest),
  ],
  [
    'has another manifest than announced',
    'DIGEST_MISMATCH',
    (source, manifest) => (source.blobs.set(manifest.digest, Buffer.from('{}')), manifest),
  ],
  ['announces another size', 'DIGEST_MISMATCH', (_, manifest) => ({ ...manifest, size: manifest.size + 1 })],
  ['announces a manifest of a gigabyte', 'ARCHIVE_INVALID', (_, manifest) => ({ ...manifest, size: 2 ** 30 })],
  ['has something that is no image', 'ARCHIVE_INVALID', (_, manifest) => ({ ...manifest, mediaType: 'application/json' })],
  ['lacks a layer', 'BLOB_NOT_FOUND', (source, manifest, layer) => (source.blobs.delete(layer), manifest)],
  [
    'names a blob by a path',
    'ARCHIVE_INVALID',
    (source) =>
      source.add('application/vnd.oci.image.manifest.v1+json', {
        schemaVersion: 2,
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: 'sha256:../../../etc/passwd', size: 1 },
        layers: [],
      }),
  ],
  [
    'has an index that names itself',
    'ARCHIVE_INVALID',
    (source) => {
      // No index can hold its own digest; one that is deep enough does as well.
      let inner = source.add(INDEX, indexOf([]));
      for (let depth = 0; depth < 8; depth += 1) inner = source.add(INDEX, indexOf([{ ...inner, platform: hostPlatform() }]));
      return inner;
    },
  ],
];

for (const [does, code, make] of HOSTILE)
  test(`given a source that ${does}, when an image is pulled, then it fails ${code} and nothing stays`, async ({ store, stateDir }) => {
    const source = new Source();
    const { manifest, layer } = await image(source);
    assert.is(await codeOf(store.pull('one', await make(source, manifest, layer), source.fetch, context())), code);
    assert.equal(await store.observe(), []);
    assert.equal(await readdir(join(stateDir, 'ingest')), []);
  });

test('given a source that writes a link or nothing, when an image is pulled, then it fails DRIVER_FAILED, and what the link leads to stays', async ({
  store,
  stateDir,
}) => {
  const source = new Source();
  const { manifest } = await image(source);
  const outside = join(stateDir, 'outside');
  await writeFile(outside, source.blobs.get(manifest.digest) ?? '');
  assert.is(await codeOf(store.pull('one', manifest, (_, path) => symlink(outside, path), context())), 'DRIVER_FAILED');
  assert.is(await codeOf(store.pull('one', manifest, async () => undefined, context())), 'DRIVER_FAILED');
  assert.ok((await readdir(stateDir)).includes('outside'));
  assert.equal(await store.observe(), []);
});

test('given a pull that is canceled, when it goes on, then nothing more is fetched, and nothing stays', async ({ store }) => {
  const source = new Source();
  const { manifest } = await image(source);
  const gone = new AbortController();
  const fetch: Source['fetch'] = async (blob, path) => {
    await source.fetch(blob, path);
    gone.abort();
  };
  assert.is.not(await codeOf(store.pull('one', manifest, fetch, context(gone.signal))), 'none');
  assert.equal(source.fetched, [manifest.digest]);
  assert.equal(await store.observe(), []);
});

test.run();
