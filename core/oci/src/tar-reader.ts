import { ShiplogError } from '@shiplog/contracts';
import { ByteReader } from './byte-reader.ts';
import { parsePax, parsePaxTime, type PaxRecords } from './pax.ts';
import { hole, isSparse, readSparse, type Sparse } from './sparse.ts';
import { BLOCK_BYTES, checksumOf, EXTENDED_LIMIT_BYTES, FIELDS, isZero, numberOf, paddingOf } from './tar-format.ts';

/** What a tar entry is. */
export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';

/** One entry of a tar, names as the archive has them: nothing here is safe to use as a path. */
export interface TarEntry {
  readonly name: string;
  readonly type: TarEntryType;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since the epoch. */
  readonly mtimeNs: bigint;
  /** Bytes of content; 0 for all but files. */
  readonly size: number;
  /** '' for all but links. */
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** The content. Read it before asking for the next entry; what is left unread is passed over. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** How strict the end is. */
export interface TarOptions {
  /**
   * `boundary` (default): a stream may also end without an end marker, between two entries, as some writers leave it; use
   * it where a digest protects the whole. The last entry's padding may be missing too: Go's writer adds it with what comes next, and `docker build -f -`
   * sends what has no next. `marker`: the end marker must be there.
   */
  readonly end?: 'boundary' | 'marker';
  /** Take files in GNU's sparse formats, of 256 GiB at most: what the archive does not have of them is told as zeros (`isHole`). Refused if absent. */
  readonly sparse?: boolean;
}

const TYPES: ReadonlyMap<string, TarEntryType> = new Map([
  ['\0', 'file'],
  ['0', 'file'],
  ['7', 'file'],
  ['1', 'hardlink'],
  ['2', 'symlink'],
  ['3', 'char'],
  ['4', 'block'],
  ['5', 'directory'],
  ['6', 'fifo'],
]);
const XATTR_PREFIX = 'SCHILY.xattr.';
const ID_LIMIT = 0xffff_ffff;

/**
 * Reads a tar strictly, as a stream: every header is checked, every content has its announced size, and a cut archive is
 * an error. Reads `source` to its end, so that a hash over it is a hash of the whole.
 *
 * Throws ARCHIVE_INVALID. Names must be UTF-8. Multi-volume parts and other vendor types are refused, and so are sparse files unless they are asked for. Global pax
 * headers are passed over, as other readers of layers do. Leaving the loop early closes `source`.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>, options: TarOptions = {}): AsyncGenerator<TarEntry, void, undefined> {
  const reader = new ByteReader(source);
  const { end = 'boundary' } = options;
  try {
    for (;;) {
      const next = await nextHeader(reader, options);
      if (next === undefined) return;
      const { header, stored, sparse } = next;
      let left = stored;
      async function* data(length: number): AsyncGenerator<Uint8Array, void, undefined> {
        for (let missing = length; missing > 0 && left > 0;) {
          const part = await reader.some(missing);
          if (part === undefined) throw cut();
          missing -= part.byteLength;
          left -= part.byteLength;
          yield part;
        }
      }
      async function* parts({ size, segments }: Sparse): AsyncGenerator<Uint8Array, void, undefined> {
        let at = 0;
        for (const { offset, length } of segments) {
          yield* hole(offset - at);
          yield* data(length);
          at = offset + length;
        }
        yield* hole(size - at);
      }
      yield { ...header, content: sparse === undefined ? data(stored) : parts(sparse) };
      const unread = left;
      left = 0;
      if ((await reader.skip(unread)) !== unread) throw cut();
      const padding = paddingOf(stored);
      const padded = await reader.skip(padding);
      if (padded !== padding && (padded > 0 || end === 'marker')) throw cut();
    }
  } finally {
    await reader.close();
  }
}

type Header = Omit<TarEntry, 'content'>;

/** An entry whose content is to come: so many bytes of it, and where they belong. */
interface Found {
  readonly header: Header;
  readonly stored: number;
  readonly sparse?: Sparse;
}

async function nextHeader(reader: ByteReader, { end = 'boundary', sparse = false }: TarOptions): Promise<Found | undefined> {
  let pax: PaxRecords = new Map();
  let longName: Uint8Array | undefined;
  let longLink: Uint8Array | undefined;
  let extended = false;
  for (;;) {
    const block = await reader.exactly(BLOCK_BYTES);
    if (block.length === 0 && !extended && end === 'boundary') return undefined;
    if (block.length < BLOCK_BYTES) throw cut();
    if (isZero(block)) {
      if (extended) throw invalid('ends after an extended header');
      await finish(reader);
      return undefined;
    }
    checkBlock(block);
    const type = String.fromCharCode(block[FIELDS.type[0]]!);
    if (!'xgLK'.includes(type)) {
      const isFileInParts = isSparse(type, pax);
      if (isFileInParts && !sparse) throw invalid('has a sparse file, which is not supported here');
      const header = headerOf(block, type === 'S' ? '0' : type, pax, longName, longLink);
      if (!isFileInParts || header.type !== 'file') return { header, stored: header.size };
      const found = await readSparse(reader, block, pax, header.size);
      return { ...found, header: { ...header, size: found.sparse.size } };
    }
    const size = numberIn(block, 'size');
    if (size > EXTENDED_LIMIT_BYTES) throw invalid(`has an extended header of ${size} bytes`);
    const bytes = await reader.exactly(size);
    if (bytes.length < size || (await reader.skip(paddingOf(size))) < paddingOf(size)) throw cut();
    if (type === 'g') continue;
    extended = true;
    if (type === 'x') pax = new Map([...pax, ...parsePax(bytes)]);
    else if (type === 'L') longName = bytes;
    else longLink = bytes;
  }
}

/** After one zero block: another one, or the end; then whatever fills the last record. */
async function finish(reader: ByteReader): Promise<void> {
  const second = await reader.exactly(BLOCK_BYTES);
  if (second.length > 0 && (second.length < BLOCK_BYTES || !isZero(second))) throw invalid('goes on after a lone zero block');
  while ((await reader.some(Number.MAX_SAFE_INTEGER)) !== undefined);
}

function checkBlock(block: Uint8Array): void {
  const announced = numberIn(block, 'checksum');
  if (announced !== checksumOf(block)) throw invalid('has a header with a wrong checksum');
}

function headerOf(block: Uint8Array, flag: string, pax: PaxRecords, longName?: Uint8Array, longLink?: Uint8Array): Header {
  const known = TYPES.get(flag);
  if (known === undefined) throw invalid(`has an entry of the unknown type ${JSON.stringify(flag)}`);
  const name =
    textOf(pax.get('GNU.sparse.name') ?? pax.get('path'), 'path') ?? (longName === undefined ? nameIn(block) : cString(longName));
  const linkName = textOf(pax.get('linkpath'), 'linkpath') ?? cString(longLink ?? fieldOf(block, 'linkName'));
  // Before POSIX a directory was a file whose name ends in a slash.
  const type = known === 'file' && name.endsWith('/') ? 'directory' : known;
  const isLink = type === 'symlink' || type === 'hardlink';
  const isDevice = type === 'char' || type === 'block';
  const size = countIn(pax, 'size', Number.MAX_SAFE_INTEGER) ?? numberIn(block, 'size');
  const uid = countIn(pax, 'uid', ID_LIMIT) ?? numberIn(block, 'uid');
  const gid = countIn(pax, 'gid', ID_LIMIT) ?? numberIn(block, 'gid');
  if (uid > ID_LIMIT || gid > ID_LIMIT) throw invalid('has an owner that is out of range');
  return {
    name,
    type,
    mode: numberIn(block, 'mode') & 0o7777,
    uid,
    gid,
    mtimeNs: timeOf(block, pax),
    size: type === 'file' ? size : 0,
    linkName: isLink ? linkName : '',
    major: isDevice ? numberIn(block, 'major') : 0,
    minor: isDevice ? numberIn(block, 'minor') : 0,
    xattrs: xattrsOf(pax),
  };
}

function xattrsOf(pax: PaxRecords): ReadonlyMap<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  for (const [key, value] of pax) if (key.startsWith(XATTR_PREFIX)) xattrs.set(key.slice(XATTR_PREFIX.length), value);
  return xattrs;
}

function timeOf(block: Uint8Array, pax: PaxRecords): bigint {
  const text = textOf(pax.get('mtime'), 'mtime');
  if (text === undefined) return BigInt(signedIn(block, 'mtime')) * 1_000_000_000n;
  const time = parsePaxTime(text);
  if (time === undefined) throw invalid('has an unreadable time');
  return time;
}

function countIn(pax: PaxRecords, key: string, limit: number): number | undefined {
  const text = textOf(pax.get(key), key);
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= limit)) throw invalid(`has an unreadable ${key}`);
  return value;
}

/** A pax value as text; undefined when it is absent or deleted. */
function textOf(value: Uint8Array | undefined, what: string): string | undefined {
  if (value === undefined || value.length === 0) return undefined;
  if (value.includes(0)) throw invalid(`has a NUL in a ${what}`);
  return utf8(value);
}

function nameIn(block: Uint8Array): string {
  const name = cString(fieldOf(block, 'name'));
  const magic = Buffer.from(fieldOf(block, 'magic')).toString('latin1');
  // GNU's own format keeps other things where ustar has the prefix.
  const prefix = magic === 'ustar\x0000' ? cString(fieldOf(block, 'prefix')) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function fieldOf(block: Uint8Array, field: keyof typeof FIELDS): Uint8Array {
  const [start, length] = FIELDS[field];
  return block.subarray(start, start + length);
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return utf8(end === -1 ? bytes : bytes.subarray(0, end));
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ShiplogError(
      'ARCHIVE_INVALID',
      'the archive has a name that is not UTF-8',
      { name: Buffer.from(bytes).toString('latin1') },
      {
        cause: error,
      },
    );
  }
}

function numberIn(block: Uint8Array, field: keyof typeof FIELDS): number {
  const value = signedIn(block, field);
  if (value < 0) throw invalid(`has a negative ${field}`);
  return value;
}

function signedIn(block: Uint8Array, field: keyof typeof FIELDS): number {
  const value = numberOf(fieldOf(block, field));
  if (value === undefined) throw invalid(`has an unreadable ${field}, or one that is out of range`);
  return value;
}

function invalid(how: string): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', `the archive ${how}`);
}

function cut(): ShiplogError {
  return invalid('is cut: it ends in the middle of an entry or without its end marker');
}
