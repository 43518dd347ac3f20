import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { type ErrorCode } from '@shiplog/contracts';
import { MEDIA_TYPES, sha256Of } from '@shiplog/oci';
import {
  blobPart,
  chunked,
  configOf,
  descriptor,
  dockerParts,
  entry,
  hexOf,
  isFile,
  LAYOUT,
  made,
  type Made,
  manifestJson,
  ociIndex,
  ociManifest,
  type Part,
  tar,
} from './testing/archives.test.util.ts';
import { assertEmpty, codeOf, context, storeSuite } from './testing/store.test.util.ts';

const test = storeSuite('archives that are not to be trusted');

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

test.run();
