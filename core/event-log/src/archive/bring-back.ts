import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ENCODING, type LogDatabase, segmentKey, SYNCED } from '../stored/database.ts';
import { FrameError } from '../stored/frame.ts';
import { Segment } from '../stored/segment.ts';
import { Archive } from './archive.ts';
import { ARCHIVE_KEYS, archiveKey, archiveName, type ArchiveRecord, decodeRecord } from './archive-record.ts';

/**
 * Puts what is whole of archives that are damaged, or of which the database has lost the record, back into the database, and forgets the archives: what
 * they lack is a hole there, like any other. Archives that are whole stay as they are, and what they hold goes from the database, where salvage may have found it: files of a
 * database have for a while what was deleted from it. No file is changed.
 */
export async function bringBackDamaged(db: LogDatabase, directory: string): Promise<void> {
  const recorded = new Set<string>();
  for await (const value of db.values<string, Buffer>({ ...ENCODING, ...ARCHIVE_KEYS })) {
    const record = decodeRecord(value);
    recorded.add(archiveName(record));
    const found = await wholeSegments(join(directory, archiveName(record)), record);
    if (found.complete) {
      await db.clear<string>({ gte: segmentKey(record.first), lte: segmentKey(record.last), keyEncoding: 'utf8' });
      continue;
    }
    const batch = db.batch();
    for (const [first, bytes] of found.segments) batch.put<string, Buffer>(segmentKey(first), bytes, ENCODING);
    batch.del<string>(archiveKey(record.first), { keyEncoding: 'utf8' });
    await batch.write(SYNCED);
  }
  for await (const bytes of archivedSegments(directory, recorded)) {
    const segment = await ifReadable(async () => new Segment(bytes));
    if (segment !== undefined) await db.put<string, Buffer>(segmentKey(segment.first), bytes, ENCODING);
  }
}

/** Every segment of the archives in a directory that can be read, but those of some names; none if there is no such directory. */
export async function* archivedSegments(
  directory: string,
  others: ReadonlySet<string> = new Set(),
): AsyncGenerator<Buffer, void, undefined> {
  for (const name of (await ifReadable(() => readdir(directory))) ?? []) {
    if (others.has(name)) continue;
    const archive = await ifReadable(() => Archive.open(join(directory, name)));
    if (archive !== undefined) yield* readableSegments(archive);
  }
}

interface Found {
  readonly complete: boolean;
  /** By position; empty when complete. */
  readonly segments: ReadonlyMap<number, Buffer>;
}

async function wholeSegments(path: string, { first, last }: ArchiveRecord): Promise<Found> {
  const segments = new Map<number, Buffer>();
  let expected = first;
  const archive = await ifReadable(() => Archive.open(path));
  if (archive !== undefined) {
    for await (const bytes of readableSegments(archive)) {
      const segment = await ifReadable(async () => new Segment(bytes));
      if (segment === undefined) continue;
      segments.set(segment.first, bytes);
      if (segment.first === expected) expected = segment.last + 1;
    }
  }
  return expected === last + 1 ? { complete: true, segments: new Map() } : { complete: false, segments };
}

/** Segments of blocks that can be read; closes the archive. */
async function* readableSegments(archive: Archive): AsyncGenerator<Buffer, void, undefined> {
  try {
    for (let number = 0; number < archive.blocks; number++) yield* (await ifReadable(() => archive.block(number))) ?? [];
  } finally {
    await archive.close();
  }
}

/** Undefined where bytes are damaged, cut, or gone. */
async function ifReadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof FrameError || isFileError(error)) return undefined;
    throw error;
  }
}

/** What the file system, or the decompressor, says of damage. */
function isFileError(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && (code === 'ENOENT' || code === 'EIO' || code.startsWith('ZSTD_') || code === 'ERR_BUFFER_TOO_LARGE');
}
