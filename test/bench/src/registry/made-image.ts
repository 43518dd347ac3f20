import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MEDIA_TYPES, tarFile, writeTar } from '@shiplog/oci';

/** Files of each layer: as many small ones as a package has, and a few large ones. Half of the content cannot be compressed. */
const SMALL = { count: 600, bytes: 12 * 1024 };
const LARGE = { count: 6, bytes: 4 * 1024 * 1024 };

/** Writes an OCI layout of an image with so many layers, tagged `latest`. Answers bytes of its layers, compressed. */
export async function makeImage(directory: string, layers: number): Promise<number> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  const blob = async (mediaType: string, content: Uint8Array) => {
    const hex = createHash('sha256').update(content).digest('hex');
    await writeFile(join(directory, 'blobs', 'sha256', hex), content);
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const made = [];
  for (let number = 0; number < layers; number += 1) {
    const tar = await layerOf(number);
    const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
    made.push({ diffId, blob: await blob(MEDIA_TYPES.ociLayerGzip, gzipSync(tar)) });
  }
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const rootfs = { type: 'layers', diff_ids: made.map(({ diffId }) => diffId) };
  const config = await blob(MEDIA_TYPES.ociConfig, json({ os: 'linux', architecture, rootfs }));
  const mediaType = MEDIA_TYPES.ociManifest;
  const manifest = await blob(mediaType, json({ schemaVersion: 2, mediaType, config, layers: made.map((layer) => layer.blob) }));
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  await writeFile(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  await writeFile(join(directory, 'index.json'), json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  return made.reduce((sum, layer) => sum + layer.blob.size, 0);
}

async function layerOf(number: number): Promise<Buffer> {
  const files = [SMALL, LARGE].flatMap(({ count, bytes }) =>
    Array.from({ length: count }, (_, index) => tarFile(`layer${number}/${bytes}-${index}`, contentOf(bytes))),
  );
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(files)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function contentOf(bytes: number): Buffer {
  return Buffer.concat([randomBytes(bytes / 2), Buffer.alloc(bytes / 2, 'the same again, ')]);
}
