import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { type BlobDescriptor, type Digest, ShiplogError } from '@shiplog/contracts';
import { hostPlatform, MEDIA_TYPES, sha256Of, tarFile, writeTar } from '@shiplog/oci';

/** Blobs that can be fetched, and how often each was. */
export class Source {
  readonly blobs = new Map<Digest, Uint8Array>();
  readonly fetched: Digest[] = [];

  add(mediaType: string, content: Uint8Array | object): BlobDescriptor {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
    const digest = sha256Of(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  readonly fetch = async ({ digest }: BlobDescriptor, path: string): Promise<void> => {
    this.fetched.push(digest);
    const bytes = this.blobs.get(digest);
    if (bytes === undefined) throw new ShiplogError('BLOB_NOT_FOUND', `no blob ${digest}`);
    await writeFile(path, bytes, { flag: 'wx' });
  };
}

async function layerTar(text: string): Promise<Buffer> {
  const content = Buffer.from(text);
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar([tarFile('hello', content)])) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What is made, and how a layer's blob and the diff ids are spoiled on the way. */
interface Wishes {
  readonly layers?: number;
  readonly pack?: (tar: Buffer) => Buffer;
  readonly diffIdOf?: (tar: Buffer) => Digest;
}

/** An image of compressed layers, one unless told otherwise, for the platform given. */
export async function image(source: Source, platform = hostPlatform(), { layers = 1, pack = gzipSync, diffIdOf = sha256Of }: Wishes = {}) {
  const tars = await Promise.all(Array.from({ length: layers }, (_, at) => layerTar(`hello${at === 0 ? '' : ` ${at}`}\n`)));
  const packed = tars.map((tar) => source.add(MEDIA_TYPES.ociLayerGzip, pack(tar)));
  const config = source.add('application/vnd.oci.image.config.v1+json', {
    ...platform,
    config: { Cmd: ['hello'] },
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => diffIdOf(tar)) },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = source.add(mediaType, { schemaVersion: 2, mediaType, config, layers: packed });
  const digests = packed.map(({ digest }) => digest);
  return { manifest, id: config.digest, layer: digests[0]!, layers: digests, tars };
}
