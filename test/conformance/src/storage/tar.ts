import { createHash } from 'node:crypto';

/** One entry of a tar as the kit writes it. What is absent: a file of root's, 0644 (directories 0755), from 2001. */
export interface TarEntry {
  readonly path: string;
  readonly type?: 'file' | 'directory' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Nanoseconds since the epoch. */
  readonly mtimeNs?: bigint;
  readonly linkTarget?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly xattrs?: { readonly [name: string]: string | Uint8Array };
}

/** The moment entries bear that name no other. */
export const DEFAULT_MTIME_NS = 1_000_000_000_000_000_000n;

const BLOCK = 512;
const FLAGS = { file: '0', hardlink: '1', symlink: '2', char: '3', block: '4', directory: '5', fifo: '6' } as const;

/** Writes a tar (POSIX.1-2001 pax: extended headers for long names, fractions of seconds and extended attributes). */
export function makeTar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(2 * BLOCK)]);
}

/** The diff id of a tar (OCI image-spec, config.md). */
export function diffIdOf(tar: Uint8Array): string {
  return `sha256:${createHash('sha256').update(tar).digest('hex')}`;
}

function entryBlocks(entry: TarEntry): Buffer[] {
  const type = entry.type ?? 'file';
  const content = Buffer.from(entry.content ?? '');
  const mtimeNs = entry.mtimeNs ?? DEFAULT_MTIME_NS;
  const seconds = mtimeNs / 1_000_000_000n;
  const fraction = mtimeNs % 1_000_000_000n;
  const records: [string, Buffer][] = Object.entries(entry.xattrs ?? {}).map(([name, value]) => [
    `SCHILY.xattr.${name}`,
    Buffer.from(value),
  ]);
  if (fraction !== 0n) records.push(['mtime', Buffer.from(`${seconds}.${String(fraction).padStart(9, '0')}`)]);
  if (Buffer.byteLength(entry.path) > 100) records.push(['path', Buffer.from(entry.path)]);
  if (Buffer.byteLength(entry.linkTarget ?? '') > 100) records.push(['linkpath', Buffer.from(entry.linkTarget ?? '')]);
  const blocks = [
    header({ ...entry, mode: entry.mode ?? (type === 'directory' ? 0o755 : 0o644) }, FLAGS[type], content.byteLength, seconds),
  ];
  blocks.push(padded(content));
  if (records.length === 0) return blocks;
  const pax = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
  return [header({ path: 'PaxHeaders/entry', mode: 0o644 }, 'x', pax.byteLength, seconds), padded(pax), ...blocks];
}

function header(entry: TarEntry, flag: string, size: number, seconds: bigint): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number | bigint, at: number, length: number): void => {
    block.write(value.toString(8).padStart(length - 1, '0'), at, length - 1, 'latin1');
  };
  Buffer.from(entry.path).copy(block, 0, 0, 100);
  octal(entry.mode ?? 0, 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(size, 124, 12);
  octal(seconds, 136, 12);
  block.fill(' ', 148, 156);
  block.write(flag, 156, 'latin1');
  Buffer.from(entry.linkTarget ?? '').copy(block, 157, 0, 100);
  block.write('ustar\u000000', 257, 'latin1');
  octal(entry.major ?? 0, 329, 8);
  octal(entry.minor ?? 0, 337, 8);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 8, 'latin1');
  return block;
}

/** `length key=value\n`, where the length counts its own digits. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.byteLength + 1;
  while (String(length).length + rest.byteLength !== length) length = String(length).length + rest.byteLength;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.byteLength % BLOCK)) % BLOCK)]);
}
