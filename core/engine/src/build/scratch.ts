import type { Digest } from '@shiplog/contracts';
import { sha256Of, type TarEntryInput, writeTar } from '@shiplog/oci';

/** The id of the image without layers that `FROM scratch` begins with. The same wherever it is made. */
export function scratchId(architecture: string): Digest {
  return sha256Of(configOf(architecture));
}

/** A docker-archive with that image. */
export function scratchArchive(architecture: string): AsyncIterable<Uint8Array> {
  const config = configOf(architecture);
  const name = `${sha256Of(config).slice('sha256:'.length)}.json`;
  const manifest = Buffer.from(JSON.stringify([{ Config: name, RepoTags: null, Layers: [] }]));
  return writeTar([file(name, config), file('manifest.json', manifest)]);
}

function configOf(architecture: string): Buffer {
  const rootfs = { type: 'layers', diff_ids: [] };
  return Buffer.from(JSON.stringify({ architecture, os: 'linux', config: {}, rootfs, history: [] }));
}

async function* bytesOf(content: Buffer): AsyncGenerator<Uint8Array> {
  yield content;
}

function file(name: string, content: Buffer): TarEntryInput {
  return {
    name,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtimeNs: 0n,
    size: content.length,
    linkName: '',
    major: 0,
    minor: 0,
    xattrs: new Map(),
    content: bytesOf(content),
  };
}
