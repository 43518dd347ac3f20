import { ShiplogError } from '@shiplog/contracts';
import { formatPax, formatPaxTime } from './pax.ts';
import { BLOCK_BYTES, checksumOf, FIELDS, paddingOf } from './tar-format.ts';
import type { TarEntry, TarEntryType } from './tar-reader.ts';

/** An entry to write; `content` is needed for files that are not empty. */
export type TarEntryInput = Omit<TarEntry, 'content'> & { readonly content?: AsyncIterable<Uint8Array> };

const FLAGS: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/**
 * Writes a tar: ustar headers, and a pax header where ustar cannot say it (long or non-ASCII names, large numbers, fractions
 * of seconds, xattrs). The same entries give the same bytes.
 *
 * Throws ARCHIVE_INVALID when a content is longer or shorter than its size; what was written so far is then no archive.
 */
export async function* writeTar(
  entries: AsyncIterable<TarEntryInput> | Iterable<TarEntryInput>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const entry of entries) {
    yield* headersOf(entry);
    let bytes = 0;
    if (entry.content !== undefined) {
      for await (const chunk of entry.content) {
        bytes += chunk.byteLength;
        if (bytes > entry.size) break;
        yield chunk;
      }
    }
    if (bytes !== entry.size) {
      throw new ShiplogError('ARCHIVE_INVALID', `${entry.name} changed while it was written: its content is not ${entry.size} bytes`, {
        path: entry.name,
        expected: entry.size,
      });
    }
    if (paddingOf(bytes) > 0) yield new Uint8Array(paddingOf(bytes));
  }
  yield new Uint8Array(2 * BLOCK_BYTES);
}

function* headersOf(entry: TarEntryInput): Generator<Uint8Array, void, undefined> {
  const pax = new Map<string, Uint8Array>();
  const seconds = entry.mtimeNs / 1_000_000_000n;
  const plainTime = entry.mtimeNs >= 0n && entry.mtimeNs % 1_000_000_000n === 0n && fits(Number(seconds), 'mtime');
  if (!fitsText(entry.name, 'name')) pax.set('path', Buffer.from(entry.name));
  if (!fitsText(entry.linkName, 'linkName')) pax.set('linkpath', Buffer.from(entry.linkName));
  if (!fits(entry.size, 'size')) pax.set('size', Buffer.from(String(entry.size)));
  if (!fits(entry.uid, 'uid')) pax.set('uid', Buffer.from(String(entry.uid)));
  if (!fits(entry.gid, 'gid')) pax.set('gid', Buffer.from(String(entry.gid)));
  if (!plainTime) pax.set('mtime', Buffer.from(formatPaxTime(entry.mtimeNs)));
  for (const [name, value] of [...entry.xattrs].toSorted(([a], [b]) => (a < b ? -1 : 1))) pax.set(`SCHILY.xattr.${name}`, value);
  if (pax.size > 0) {
    const records = formatPax(pax);
    yield block('x', {
      name: 'PaxHeaders/entry',
      linkName: '',
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: records.length,
      mtime: 0,
      major: 0,
      minor: 0,
    });
    yield records;
    if (paddingOf(records.length) > 0) yield new Uint8Array(paddingOf(records.length));
  }
  yield block(FLAGS[entry.type], { ...entry, mtime: plainTime ? Number(seconds) : 0 });
}

interface BlockFields {
  readonly name: string;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly major: number;
  readonly minor: number;
}

/** A header block. What does not fit is cut or zero: the pax header before it has it whole. */
function block(flag: string, fields: BlockFields): Uint8Array {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  for (const field of ['name', 'linkName'] as const) {
    bytes.write(fields[field].replaceAll(/[^ -~]/g, '_').slice(0, FIELDS[field][1]), FIELDS[field][0], 'latin1');
  }
  for (const field of ['mode', 'uid', 'gid', 'size', 'mtime', 'major', 'minor'] as const) {
    bytes.write(octal(fits(fields[field], field) ? fields[field] : 0, FIELDS[field][1]), FIELDS[field][0], 'latin1');
  }
  bytes.write(flag, FIELDS.type[0], 'latin1');
  bytes.write('ustar\x0000', FIELDS.magic[0], 'latin1');
  bytes.write(`${octal(checksumOf(bytes), 7)}\0 `, FIELDS.checksum[0], 'latin1');
  return bytes;
}

function octal(value: number, length: number): string {
  return value.toString(8).padStart(length - 1, '0');
}

function fits(value: number, field: keyof typeof FIELDS): boolean {
  return value < 8 ** (FIELDS[field][1] - 1);
}

function fitsText(text: string, field: 'name' | 'linkName'): boolean {
  return text.length <= FIELDS[field][1] && /^[ -~]*$/.test(text);
}
