import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { sha256Of } from './digest.ts';
import { imageManifest, parseImageConfig } from './image-config.ts';
import { hostPlatform, MANIFEST_LIMIT_BYTES, parseIndex, parseManifest, selectPlatform } from './manifest.ts';
import { MEDIA_TYPES } from './media-types.ts';

const test = suite('manifest and image config');
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const DIGEST = sha256Of('x');

const config = { mediaType: MEDIA_TYPES.ociConfig, digest: DIGEST, size: 5 };
const layer = { mediaType: MEDIA_TYPES.ociLayerGzip, digest: DIGEST, size: 7 };
const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: [layer] };

function refused(work: () => unknown, code = 'ARCHIVE_INVALID'): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ShiplogError)) throw error;
    assert.is(error.code, code);
    return;
  }
  assert.unreachable('it was accepted');
}

test('given a manifest of OCI or Docker, when it is parsed, then its descriptors come out', () => {
  const parsed = parseManifest(json(manifest));
  assert.equal(parsed.config, { ...config, annotations: {} });
  assert.equal(parsed.layers, [{ ...layer, annotations: {} }]);
  const docker = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.dockerManifest,
    config: { ...config, mediaType: MEDIA_TYPES.dockerConfig },
    layers: [{ ...layer, mediaType: MEDIA_TYPES.dockerLayerGzip }],
  };
  assert.is(parseManifest(json(docker)).layers.length, 1);
  assert.is(parseManifest(json({ ...manifest, layers: null })).layers.length, 0);
});

const badManifests: readonly (readonly [string, unknown])[] = [
  ['a list', []],
  ['another schema version', { ...manifest, schemaVersion: 3 }],
  ['the media type of an index', { ...manifest, mediaType: MEDIA_TYPES.ociIndex }],
  ['manifests as well', { ...manifest, manifests: [] }],
  ['no config', { ...manifest, config: undefined }],
  ['a config that is no image', { ...manifest, config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } }],
  ['a layer of an unknown type', { ...manifest, layers: [{ ...layer, mediaType: 'text/plain' }] }],
  ['a path as digest', { ...manifest, layers: [{ ...layer, digest: 'sha256:../../etc/passwd' }] }],
  ['a negative size', { ...manifest, layers: [{ ...layer, size: -1 }] }],
  ['a size beyond numbers', { ...manifest, layers: [{ ...layer, size: 1e300 }] }],
  ['a size as text', { ...manifest, layers: [{ ...layer, size: '7' }] }],
  ['too many layers', { ...manifest, layers: Array.from({ length: 2000 }, () => layer) }],
  ['annotations that are numbers', { ...manifest, annotations: { a: 1 } }],
];
for (const [given, value] of badManifests) {
  test(`given a manifest with ${given}, when it is parsed, then it is refused`, () => refused(() => parseManifest(json(value))));
}

test('given bytes that are no document, when they are parsed, then they are refused', () => {
  refused(() => parseManifest(Buffer.from('{')));
  refused(() => parseManifest(Buffer.from([0xff, 0x7b, 0x7d])));
  refused(() => parseManifest(Buffer.alloc(MANIFEST_LIMIT_BYTES + 1, ' ')));
  refused(() => parseManifest(json({ schemaVersion: 1 })), 'NOT_SUPPORTED');
  refused(() => parseIndex(json(manifest)));
});

test('given an index, when a platform is wanted, then the best entry comes first and attestations never', () => {
  const entry = (architecture: string, variant?: string, os = 'linux') => ({
    ...layer,
    mediaType: MEDIA_TYPES.ociManifest,
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
  });
  const index = parseIndex(
    json({
      schemaVersion: 2,
      manifests: [
        entry('unknown', undefined, 'unknown'),
        entry('arm', 'v5'),
        entry('arm', 'v7'),
        entry('arm', 'v8'),
        entry('arm64', 'v8'),
        entry('amd64'),
        entry('amd64', undefined, 'windows'),
        { ...layer, mediaType: 'application/vnd.example+json' },
        { ...layer, mediaType: MEDIA_TYPES.ociManifest },
      ],
    }),
  );
  const chosen = (architecture: string, variant?: string) =>
    selectPlatform(index.manifests, { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) }).map(({ platform }) =>
      platform === undefined ? 'any' : `${platform.architecture}${platform.variant ?? ''}`,
    );
  assert.equal(chosen('amd64'), ['amd64', 'any']);
  assert.equal(chosen('arm64'), ['arm64v8', 'any']);
  assert.equal(chosen('arm', 'v7'), ['armv7', 'armv5', 'any']);
  assert.equal(chosen('s390x'), ['any']);
});

test('given words of Node, when the host platform is asked, then it is in words of Go', () => {
  assert.equal(hostPlatform('x64', 'linux'), { os: 'linux', architecture: 'amd64' });
  assert.equal(hostPlatform('arm', 'linux'), { os: 'linux', architecture: 'arm', variant: 'v7' });
  assert.equal(hostPlatform('arm64', 'linux'), { os: 'linux', architecture: 'arm64' });
});

const image = {
  architecture: 'amd64',
  os: 'linux',
  created: '2024-01-02T03:04:05.123456789Z',
  config: {
    Env: ['A=1'],
    Entrypoint: null,
    Cmd: ['sh'],
    User: '',
    ExposedPorts: { '80/tcp': {} },
    Volumes: null,
    Labels: { a: 'b' },
    ArgsEscaped: true,
  },
  rootfs: { type: 'layers', diff_ids: [DIGEST] },
  history: [
    { created_by: 'ADD', created: '2024-01-02T03:04:05Z' },
    { created_by: 'CMD', empty_layer: true },
  ],
};

test('given an image config as Go writes it, when it is parsed, then unset fields are absent', () => {
  const parsed = parseImageConfig(json(image));
  assert.equal(parsed.config, { ExposedPorts: { '80/tcp': {} }, Env: ['A=1'], Cmd: ['sh'], Labels: { a: 'b' } });
  assert.equal(parsed.diffIds, [DIGEST]);
  assert.is(parsed.history.length, 2);
  assert.is(parsed.history[1]?.empty_layer, true);
  assert.is(parsed.created, image.created);
});

const badConfigs: readonly (readonly [string, unknown])[] = [
  ['no rootfs', { ...image, rootfs: undefined }],
  ['a rootfs of another type', { ...image, rootfs: { type: 'zfs', diff_ids: [] } }],
  ['a diff id that is none', { ...image, rootfs: { type: 'layers', diff_ids: ['sha256:1'] } }],
  ['a history of more layers', { ...image, history: [{}, {}] }],
  ['a time that is none', { ...image, created: 'yesterday' }],
  ['a command with a NUL', { ...image, config: { Cmd: ['a\0b'] } }],
  ['a command that is text', { ...image, config: { Cmd: 'sh' } }],
  ['a variable without a name', { ...image, config: { Env: ['=1'] } }],
];
for (const [given, value] of badConfigs) {
  test(`given an image config with ${given}, when it is parsed, then it is refused`, () => refused(() => parseImageConfig(json(value))));
}

test('given names that JavaScript treats specially, when a config is parsed, then they are plain names', () => {
  const bytes = Buffer.from(
    JSON.stringify({ ...image, config: {} }).replace('"config":{}', '"config":{"Labels":{"__proto__":"x","constructor":"y"}}'),
  );
  const { Labels } = parseImageConfig(bytes).config;
  assert.equal(Object.entries(Labels ?? {}), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});

test('given blobs, when an image is put together, then each layer has its chain id and the size is of the content', () => {
  const blob = { digest: sha256Of('blob'), mediaType: MEDIA_TYPES.ociLayerGzip, size: 7, uncompressedSize: 100 };
  const whole = imageManifest(sha256Of('id'), parseImageConfig(json(image)), [blob]);
  assert.is(whole.size, 100);
  assert.equal(whole.layers, [{ diffId: DIGEST, chainId: DIGEST, digest: blob.digest, mediaType: blob.mediaType, size: 7 }]);
  refused(() => imageManifest(sha256Of('id'), parseImageConfig(json(image)), []));
});

test.run();
