import type { Digest } from '@shiplog/contracts';
import { sha256Of, tarFile, writeTar } from '@shiplog/oci';

/** The id of the image without layers that `FROM scratch` begins with. The same wherever it is made. */
export function scratchId(architecture: string): Digest {
  return sha256Of(configOf(architecture));
}

/** A docker-archive with that image. */
export function scratchArchive(architecture: string): AsyncIterable<Uint8Array> {
  const config = configOf(architecture);
  const name = `${sha256Of(config).slice('sha256:'.length)}.json`;
  const manifest = Buffer.from(JSON.stringify([{ Config: name, RepoTags: null, Layers: [] }]));
  return writeTar([tarFile(name, config), tarFile('manifest.json', manifest)]);
}

function configOf(architecture: string): Buffer {
  const rootfs = { type: 'layers', diff_ids: [] };
  return Buffer.from(JSON.stringify({ architecture, os: 'linux', config: {}, rootfs, history: [] }));
}
