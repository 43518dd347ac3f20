import { type Digest } from '@shiplog/contracts';
import { MEDIA_TYPES, PLAIN_ENTRY, sha256Of, type TarEntryInput, writeTar } from '@shiplog/oci';

export async function* chunked(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A file by name and content, or any entry. */
export type Part = readonly [name: string, content: string | Uint8Array] | TarEntryInput;

export function entry(name: string, rest: Partial<TarEntryInput>): TarEntryInput {
  return { ...PLAIN_ENTRY, name, ...rest };
}

/** A tar of parts. */
export async function tar(...parts: readonly Part[]): Promise<Buffer> {
  const entries = parts.map((part): TarEntryInput => {
    if (!isFile(part)) return part;
    const bytes = Buffer.from(part[1]);
    return entry(part[0], { size: bytes.length, content: chunked(bytes) });
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function isFile(part: Part): part is readonly [string, string | Uint8Array] {
  return Array.isArray(part);
}

export function configOf(diffIds: readonly Digest[], more: object = {}): Buffer {
  const text = {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/sh'], Env: ['A=1'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
  return Buffer.from(JSON.stringify({ ...text, ...more }));
}

export const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);

/** An image of two layers. */
export interface Made {
  readonly layers: readonly Buffer[];
  readonly config: Buffer;
  readonly id: Digest;
}

export async function made(): Promise<Made> {
  const layers = [await tar(['etc/a', 'lower'], ['big', 'x'.repeat(50_000)]), await tar(['etc/b', 'upper'])];
  const config = configOf(layers.map((layer) => sha256Of(layer)));
  return { layers, config, id: sha256Of(config) };
}

export function manifestJson(config: string, tags: readonly string[] | null, layers: readonly string[]): string {
  return JSON.stringify([{ Config: config, RepoTags: tags, Layers: layers }]);
}

export async function dockerParts({ layers, config, id }: Made): Promise<Part[]> {
  return [
    [`${hexOf(id)}.json`, config],
    ['one/layer.tar', layers[0]!],
    ['two/layer.tar', layers[1]!],
    ['manifest.json', manifestJson(`${hexOf(id)}.json`, ['docker.io/library/thing:1', 'other/thing'], ['one/layer.tar', 'two/layer.tar'])],
  ];
}

export function descriptor(mediaType: string, bytes: Uint8Array, more: object = {}): object {
  return { mediaType, digest: sha256Of(bytes), size: bytes.length, ...more };
}

export const blobPart = (bytes: Uint8Array): Part => [`blobs/sha256/${hexOf(sha256Of(bytes))}`, bytes];
export const LAYOUT: Part = ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'];

export function ociManifest(image: Made): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: descriptor(MEDIA_TYPES.ociConfig, image.config),
      layers: image.layers.map((layer) => descriptor(MEDIA_TYPES.ociLayer, layer)),
    }),
  );
}

export function ociIndex(...manifests: readonly object[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }));
}
