import type { TarEntryInput } from './tar-writer.ts';

/** An empty file of root's, of 1970: what an entry is where nothing else is said. */
export const PLAIN_ENTRY = {
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtimeNs: 0n,
  size: 0,
  linkName: '',
  major: 0,
  minor: 0,
  xattrs: new Map<string, Uint8Array>(),
} as const satisfies Omit<TarEntryInput, 'name'>;

/** A file of root's with these bytes, of 1970: an archive of it is the same whenever it is written. */
export function tarFile(name: string, bytes: Uint8Array): TarEntryInput {
  return { ...PLAIN_ENTRY, name, size: bytes.length, content: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
