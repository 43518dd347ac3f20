import { mkdir, rename, rm } from 'node:fs/promises';
import { ENCODING, segmentKey, segmentPosition, type Write } from '../stored/database.ts';
import { corrupt } from '../check/corrupt.ts';
import { RawScan } from '../stored/raw-scan.ts';
import { reclaim } from './reclaim.ts';
import { Segment } from '../stored/segment.ts';
import { syncPath } from '../disk/sync-path.ts';
import { Archive } from './archive.ts';
import { archiveKey, type ArchiveRecord, encodeRecord } from './archive-record.ts';
import { ArchiveWriter } from './archive-writer.ts';
import type { ArchivingLevel } from './archiving-level.ts';

/** Events an archive holds, about. Its segments leave the database in one write, which others wait for. */
const EVENTS = 32_768;
const CHUNK = 128;

/**
 * Moves the segments that end before position `before` into archives, the oldest first, and tells each archive when it is done. Every
 * archive is written, synced, and read back before the one atomic write that takes its segments out of the database and says where
 * they are: after a crash each event is in the database, or in an archive, or in both. Repeating it goes on where it ended. At the end the database
 * gives back the room.
 * Throws LOG_CORRUPT, with nothing moved, for what cannot be read back.
 */
export async function* seal(db: ArchivingLevel, write: Write, before: number): AsyncGenerator<ArchiveRecord, void, undefined> {
  await mkdir(db.archives.directory, { recursive: true, mode: 0o700 });
  const sealed: ArchiveRecord[] = [];
  for (;;) {
    const record = await db.inTurn(() => sealNext(db, write, before));
    if (record === undefined) break;
    sealed.push(record);
    yield record;
  }
  const [first, last] = [sealed[0]?.first, sealed.at(-1)?.last];
  if (first !== undefined && last !== undefined) await reclaim(db.inner, write, first, last + 1);
}

/** Makes the next archive; undefined if there is nothing to put into one. */
async function sealNext(db: ArchivingLevel, write: Write, before: number): Promise<ArchiveRecord | undefined> {
  const firsts = await sealable(db, before);
  if (firsts.length === 0) return undefined;
  const record = await writeArchive(db, firsts);
  // Known before the database forgets them: a reader looks there first and here afterwards.
  db.archives.add(record);
  await write([
    ...firsts.map((each) => ({ type: 'del' as const, key: segmentKey(each) })),
    { type: 'put', key: archiveKey(record.first), value: encodeRecord(record) },
  ]);
  return record;
}

/** Where the segments of the next archive begin. */
async function sealable(db: ArchivingLevel, before: number): Promise<readonly number[]> {
  const start = db.archives.end;
  const firsts: number[] = [];
  // One more than fits tells where the last one ends.
  const range = { ...ENCODING, gte: segmentKey(start), lte: segmentKey(before) };
  for await (const key of db.inner.keys<string>(range)) {
    const first = segmentPosition(key);
    if (first === undefined) continue;
    firsts.push(first);
    if (first - start >= EVENTS) break;
  }
  firsts.pop();
  return firsts;
}

async function writeArchive(db: ArchivingLevel, firsts: readonly number[]): Promise<ArchiveRecord> {
  const { archives } = db;
  const [first = 0] = firsts;
  const end = firsts.at(-1) ?? 0;
  const scan = new RawScan(db.inner, { first, last: end, ahead: true, chunk: CHUNK });
  let last = first - 1;
  const draft = `${archives.directory}/draft`;
  try {
    await using writer = await ArchiveWriter.begin(draft);
    for (let chunk = await scan.next(); chunk.length > 0; chunk = await scan.next()) {
      for (const [key, value] of chunk) {
        const segment = new Segment(value);
        if (segment.first !== last + 1 || segmentKey(segment.first) !== key) throw corrupt(last + 1, segment.first - 1, 'missing');
        await writer.add(segment.first, value);
        last = segment.last;
      }
    }
    await writer.finish(last);
    const record = { first, last };
    await readBack(draft, record);
    await rename(draft, archives.path(record));
    await syncPath(archives.directory);
    return record;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await scan.close();
  }
}

/** Throws unless the file holds the whole range, every segment whole. */
async function readBack(path: string, { first, last }: ArchiveRecord): Promise<void> {
  const archive = await Archive.open(path);
  try {
    let expected = first;
    for (let number = 0; number < archive.blocks; number++) {
      for (const bytes of await archive.block(number)) {
        const segment = new Segment(bytes);
        if (segment.first !== expected) throw corrupt(expected, segment.first - 1, 'missing in the archive that was just written');
        expected = segment.last + 1;
      }
    }
    if (expected !== last + 1) throw corrupt(expected, last, 'missing in the archive that was just written');
  } finally {
    await archive.close();
  }
}
