import * as assert from 'uvu/assert';
import { hostPlatform, MEDIA_TYPES } from '@shiplog/oci';
import { blobPart, chunked, descriptor, LAYOUT, made, ociIndex, ociManifest, tar } from './testing/archives.test.util.ts';
import { assertStored, context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('OCI layouts');

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

test.run();
