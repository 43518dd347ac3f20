import { type Digest, ShiplogError } from '@shiplog/contracts';
import {
  digestField,
  fieldsOf,
  jsonDocument,
  optionalList,
  optionalText,
  optionalTextMap,
  sizeField,
  text,
  wrong,
} from './json-document.ts';
import { mediaKind } from './media-types.ts';

/** Largest manifest or index that is read, in bytes; registries agree on 4 MiB (distribution-spec, Pushing Manifests). */
export const MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024;
const LAYER_LIMIT = 1024;
const INDEX_LIMIT = 4096;

/** What an image runs on, in Go's words (`linux`, `amd64`, `arm64`, variant `v8`). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** Announces a blob (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations: { readonly [name: string]: string };
}

/** An image manifest (image-spec, manifest.md; Docker schema 2). Layers lowest first. */
export interface OciManifest {
  readonly mediaType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: { readonly [name: string]: string };
}

/** An image index (image-spec, image-index.md; Docker manifest list). */
export interface OciIndex {
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: { readonly [name: string]: string };
}

/**
 * Reads an image manifest. Throws ARCHIVE_INVALID when it is no well-formed schema 2 manifest of a container image, or is
 * both a manifest and an index (image-spec forbids that: two readers would see two images).
 */
export function parseManifest(bytes: Uint8Array): OciManifest {
  const what = 'image manifest';
  const fields = header(bytes, what, 'manifest');
  if (fields['manifests'] !== undefined) throw wrong(what, 'is an index as well');
  const config = descriptorOf(fields['config'], `${what}, config`);
  if (mediaKind(config.mediaType) !== 'config') throw wrong(what, `describes no container image but ${config.mediaType}`);
  const layers = (optionalList(fields, 'layers', what, LAYER_LIMIT) ?? []).map((layer, at) => {
    const descriptor = descriptorOf(layer, `${what}, layer ${at}`);
    if (mediaKind(descriptor.mediaType) !== 'layer') throw wrong(what, `has a layer of type ${descriptor.mediaType}`);
    return descriptor;
  });
  return { ...mediaTypeOf(fields, what), config, layers, annotations: optionalTextMap(fields, 'annotations', what) ?? {} };
}

/** Reads an image index. Throws ARCHIVE_INVALID as {@link parseManifest} does. */
export function parseIndex(bytes: Uint8Array): OciIndex {
  const what = 'image index';
  const fields = header(bytes, what, 'index');
  if (fields['layers'] !== undefined || fields['config'] !== undefined) throw wrong(what, 'is a manifest as well');
  const manifests = (optionalList(fields, 'manifests', what, INDEX_LIMIT) ?? []).map((entry, at) =>
    descriptorOf(entry, `${what}, entry ${at}`),
  );
  return { ...mediaTypeOf(fields, what), manifests, annotations: optionalTextMap(fields, 'annotations', what) ?? {} };
}

/** The platform of this process, in Go's words. `arch` and `platform` as Node spells them. */
export function hostPlatform(arch: string = process.arch, platform: string = process.platform): Platform {
  const names: ReadonlyMap<string, Platform['architecture']> = new Map([
    ['x64', 'amd64'],
    ['ia32', '386'],
    ['ppc64', 'ppc64le'],
  ]);
  return { os: platform, architecture: names.get(arch) ?? arch, ...(arch === 'arm' ? { variant: 'v7' } : {}) };
}

/**
 * The entries of an index that `wanted` can run, best first; an entry that names no platform comes last. Entries of other
 * platforms and attestations (platform `unknown`) are left out.
 */
export function selectPlatform(manifests: readonly Descriptor[], wanted: Platform): readonly Descriptor[] {
  const rank = (platform: Platform | undefined): number => {
    if (platform === undefined) return 2;
    if (platform.os !== wanted.os || platform.architecture !== wanted.architecture) return -1;
    if (defaultVariant(platform) === defaultVariant(wanted)) return 0;
    return wanted.architecture === 'arm' && variantNumber(platform) > variantNumber(wanted) ? -1 : 1;
  };
  return manifests
    .filter((entry) => {
      const kind = mediaKind(entry.mediaType);
      return (kind === 'manifest' || kind === 'index') && rank(entry.platform) >= 0;
    })
    .toSorted((a, b) => rank(a.platform) - rank(b.platform) || variantNumber(b.platform) - variantNumber(a.platform));
}

function defaultVariant(platform: Platform): string {
  if (platform.variant !== undefined) return platform.variant;
  if (platform.architecture === 'arm64') return 'v8';
  return platform.architecture === 'arm' ? 'v7' : '';
}

function variantNumber(platform: Platform | undefined): number {
  return platform === undefined ? 0 : Number(defaultVariant(platform).slice(1)) || 0;
}

function header(bytes: Uint8Array, what: string, kind: 'index' | 'manifest') {
  const fields = jsonDocument(bytes, what, MANIFEST_LIMIT_BYTES);
  if (fields['schemaVersion'] === 1) {
    throw new ShiplogError(
      'NOT_SUPPORTED',
      'Docker image manifests of schema 1 are not supported; push the image again with a newer client',
    );
  }
  if (fields['schemaVersion'] !== 2) throw wrong(what, 'has a schemaVersion other than 2');
  const mediaType = optionalText(fields, 'mediaType', what);
  if (mediaType !== undefined && mediaKind(mediaType) !== kind) throw wrong(what, `says it is ${mediaType}`);
  return fields;
}

function mediaTypeOf(fields: Parameters<typeof optionalText>[0], what: string): { readonly mediaType?: string } {
  const mediaType = optionalText(fields, 'mediaType', what);
  return mediaType === undefined ? {} : { mediaType };
}

function descriptorOf(value: unknown, what: string): Descriptor {
  const fields = fieldsOf(value, what);
  const platform = fields['platform'];
  return {
    mediaType: text(fields, 'mediaType', what),
    digest: digestField(fields, 'digest', what),
    size: sizeField(fields, 'size', what),
    ...(platform === undefined || platform === null ? {} : { platform: platformOf(platform, `${what}, platform`) }),
    annotations: optionalTextMap(fields, 'annotations', what) ?? {},
  };
}

function platformOf(value: unknown, what: string): Platform {
  const fields = fieldsOf(value, what);
  const variant = optionalText(fields, 'variant', what);
  return {
    os: text(fields, 'os', what),
    architecture: text(fields, 'architecture', what),
    ...(variant === undefined ? {} : { variant }),
  };
}
