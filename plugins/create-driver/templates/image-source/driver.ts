import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { type ImageSource, ShiplogError } from '@shiplog/contracts';

/** Media types of the image-spec. */
const OCI = 'application/vnd.oci.image';

/** One image, made here: `__NAME__/hello`, of one empty layer. Yours come from somewhere else. */
export function createDriver(): ImageSource {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, content: Buffer) => {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    blobs.set(digest, content);
    return { mediaType, digest, size: content.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  // An empty tar is two blocks of zeros.
  const layer = add(`${OCI}.layer.v1.tar`, Buffer.alloc(1024));
  const platform = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
  const rootfs = { type: 'layers', diff_ids: [layer.digest] };
  const config = add(`${OCI}.config.v1+json`, json({ ...platform, config: { Cmd: ['/hello'] }, rootfs }));
  const mediaType = `${OCI}.manifest.v1+json`;
  const manifest = add(mediaType, json({ schemaVersion: 2, mediaType, config, layers: [layer] }));
  const known = [`docker.io/__NAME__/hello:latest`, `docker.io/__NAME__/hello@${manifest.digest}`];

  return {
    // What is not known here may be known elsewhere: no descriptor, and no error.
    resolve: async ({ reference }) => (known.includes(reference) ? { descriptor: manifest } : {}),

    async fetch({ digest, path }, ctx) {
      const blob = blobs.get(digest);
      if (blob === undefined) throw new ShiplogError('BLOB_NOT_FOUND', `there is no blob ${digest} here`, { digest });
      // A link that is there is not written through.
      await rm(path, { force: true });
      await writeFile(path, blob, { flag: 'wx', signal: ctx.signal });
      ctx.progress({ id: digest.slice(7, 19), status: 'Downloading', current: blob.length, total: blob.length });
      return {};
    },

    observe: async () => [],
  };
}
