import { readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Level } from 'level';
import { ShiplogError, type Verification } from '@shiplog/contracts';
import { ArchivingLevel } from '../archive/archiving-level.ts';
import { baseCopyParts } from '../archive/base-copy.ts';
import { boundsIn, bringBackBase, forgetBefore, wholeBeginning } from '../archive/bring-back-base.ts';
import { bringBackDamaged } from '../archive/bring-back.ts';
import { encodeTile } from '../append/commit.ts';
import { corrupt } from '../check/corrupt.ts';
import { ENCODING, HEAD_KEY, type LogDatabase, segmentKey, segmentPosition, SYNCED, tileKey } from '../stored/database.ts';
import { encodeHead, readHead } from '../stored/head.ts';
import { baseEdge } from '../load.ts';
import type { Mark } from '../stored/mark.ts';
import { RawScan } from '../stored/raw-scan.ts';
import type { Range, RepairSource } from './repair-source.ts';
import { salvageLog } from './salvage-log.ts';
import { Segment, SegmentWriter } from '../stored/segment.ts';
import { syncPath } from '../disk/sync-path.ts';
import { type CompleteTile, TreeEdge } from '@shiplog/tlog';
import { verifyEventLog } from '../check/verify.ts';

export interface Repair {
  /** The ranges that were filled in. */
  readonly filled: readonly Range[];
  /** The first position that is kept, if what stands for the events before it was brought back. */
  readonly boundary?: number;
  readonly verification: Verification;
  /** Where the damaged database was put; nothing needs it any more. Absent: the log was whole, and is as it was. */
  readonly damaged?: string;
}

/** The paths a repair works on. */
export interface RepairPaths {
  readonly db: string;
  /** Directory of the archives. What of them is damaged comes back into the database. */
  readonly archive: string;
  /** The mark kept outside of the database. */
  readonly witness: Mark | undefined;
}

/**
 * Makes a damaged database whole: copies what is whole, fills the holes with events from `source`, checks all of it from the first event to the last
 * mark, and only then puts it in the place of the damaged one. What stands for pruned events comes from the source, too, where it is damaged; where the
 * source has these events instead, they are in the log again.
 *
 * Nothing is guessed: what the source gives is taken only if all events together lead to the root that the head mark or the witness names.
 * Otherwise, and after a crash in the middle, the damaged database is as it was; {@link finishRepair} ends a crash in the very last step. Throws
 * LOG_CORRUPT with the range that could not be filled.
 */
export async function repairDatabase({ db, archive, witness }: RepairPaths, source: RepairSource): Promise<Repair> {
  const [rebuilt, mended] = [`${db}.rebuilt`, mendedPath(db)];
  for (const path of [rebuilt, mended]) await rm(path, { recursive: true, force: true });
  const level = new Level(rebuilt, { createIfMissing: true });
  await level.open();
  let target: LogDatabase = level;
  let filled: readonly Range[];
  let boundary: number | undefined;
  let verification: Verification;
  try {
    await salvageLog(db, level);
    await bringBackDamaged(level, archive);
    target = new ArchivingLevel(level, archive);
    await target.open();
    const end = await knownEnd(target, witness);
    const lost = await holesOf(target, end.seq);
    const bounds = await boundsIn(textsOf(target, end.seq));
    const begin = await wholeBeginning(target, bounds, lost);
    const asked = holesFrom(begin ?? 0, lost);
    const texts = asked.length === 0 ? new Map<number, string>() : await source.events(asked);
    if (begin === undefined) {
      const told = new Map([...bounds, ...(await boundsIn(texts.values()))]);
      const parts = [...(await baseCopyParts(archive)), ...(await source.boundaryParts())];
      boundary = await bringBackBase(level, { bounds: told, holes: lost, parts, isThere: (seq) => texts.has(seq) });
    }
    const base = await baseEdge(target);
    const holes = holesFrom(base?.size ?? 0, lost);
    await forgetBefore(level, base?.size ?? 0);
    const edge = await fill(target, base ?? new TreeEdge(), texts, end.seq);
    if (end.format === 2 && edge.root() !== end.hash) throw refused(holes, end.seq);
    await target.put<string, Buffer>(HEAD_KEY, encodeHead(end.seq, edge.frontier().encode()), { ...ENCODING, ...SYNCED });
    verification = await verifyEventLog(target, { witness, after: await baseEdge(target) });
    const [damage] = verification.damage;
    if (damage !== undefined) throw corrupt(damage.from, damage.to, `${damage.reason}; the source does not lead to the known root`);
    filled = holes;
    await target.close();
  } catch (error) {
    await target.close();
    await rm(rebuilt, { recursive: true, force: true });
    throw error;
  }
  for (const name of await readdir(rebuilt)) await syncPath(join(rebuilt, name));
  await syncPath(rebuilt);
  await rename(rebuilt, mended);
  await syncPath(dirname(db));
  const damaged = await freeName(`${db}.damaged`);
  await rename(db, damaged);
  await finishRepair(db);
  return { filled, ...(boundary !== undefined && { boundary }), verification, damaged };
}

/** Puts a database in its place that a repair had made whole, if it was cut off just when the damaged one had left that place. */
export async function finishRepair(db: string): Promise<void> {
  if (await isThere(db)) return;
  const mended = mendedPath(db);
  if (!(await isThere(mended))) return;
  await rename(mended, db);
  await syncPath(dirname(db));
}

/** Where a database is that is whole, synced, and only has to take the place of the damaged one. */
function mendedPath(db: string): string {
  return `${db}.mended`;
}

/** The last event that is known for sure, and the hash over all. */
async function knownEnd(db: LogDatabase, witness: Mark | undefined): Promise<Mark> {
  let head: Mark | undefined;
  try {
    head = await readHead(db);
  } catch (error) {
    if (!(error instanceof ShiplogError && error.code === 'LOG_CORRUPT')) throw error;
  }
  const end = witness !== undefined && witness.seq > (head?.seq ?? -1) ? witness : head;
  if (end === undefined || end.seq < 0)
    throw corrupt(0, 0, 'neither the head mark nor the witness is left, so nothing tells where the log ended and what it led to');
  return end;
}

/** From the event at `first` on. */
async function* segmentsOf(db: LogDatabase, first: number, last: number): AsyncGenerator<Segment, void, undefined> {
  const scan = new RawScan(db, { first, last, ahead: true, chunk: 128 });
  try {
    for (let chunk = await scan.next(); chunk.length > 0; chunk = await scan.next()) {
      for (const [key, value] of chunk) if (segmentPosition(key) !== undefined) yield new Segment(value);
    }
  } finally {
    await scan.close();
  }
}

async function* textsOf(db: LogDatabase, last: number): AsyncGenerator<string, void, undefined> {
  for await (const segment of segmentsOf(db, 0, last)) for (const leaf of segment.leaves()) yield leaf.toString('utf8');
}

async function holesOf(db: LogDatabase, last: number): Promise<readonly Range[]> {
  const holes: Range[] = [];
  let expected = 0;
  for await (const segment of segmentsOf(db, 0, last)) {
    if (segment.first > expected) holes.push({ from: expected, to: segment.first - 1 });
    expected = segment.last + 1;
  }
  if (expected <= last) holes.push({ from: expected, to: last });
  return holes;
}

function holesFrom(first: number, holes: readonly Range[]): readonly Range[] {
  return holes.filter(({ to }) => to >= first).map(({ from, to }) => ({ from: Math.max(from, first), to }));
}

/** Puts what is missing behind `edge` in its place, and the tree of all. Answers with the tree's edge at the end. */
async function fill(db: LogDatabase, edge: TreeEdge, texts: ReadonlyMap<number, string>, last: number): Promise<TreeEdge> {
  const writer = new SegmentWriter();
  const tiles: CompleteTile[] = [];
  const completed = (tile: CompleteTile): void => void tiles.push(tile);
  const store = async (upTo: number): Promise<void> => {
    while (edge.size < upTo) {
      const first = edge.size;
      for (let seq = first; seq < upTo && !writer.full; seq++) {
        const text = texts.get(seq);
        if (text === undefined) throw corrupt(seq, upTo - 1, 'the source does not have these events');
        writer.add(text);
      }
      const segment = writer.end(first);
      segment.seal(edge, completed);
      await db.put<string, Buffer>(segmentKey(first), segment.bytes, ENCODING);
    }
  };
  for await (const segment of segmentsOf(db, edge.size, last)) {
    await store(segment.first);
    for (const leaf of segment.leafHashes()) edge.append(leaf, completed);
    // Not over those that are there: one that differs is a witness against the source.
    for (const { level, index, bytes } of tiles.splice(0)) await storeTile(db, level, index, bytes);
  }
  await store(last + 1);
  for (const { level, index, bytes } of tiles) await storeTile(db, level, index, bytes);
  return edge;
}

async function storeTile(db: LogDatabase, level: number, index: number, bytes: Buffer): Promise<void> {
  const key = tileKey(level, index);
  if ((await db.get<string, Buffer>(key, ENCODING)) === undefined) await db.put<string, Buffer>(key, encodeTile(bytes), ENCODING);
}

function refused(holes: readonly Range[], last: number): ShiplogError {
  const hole = holes[0] ?? { from: 0, to: last };
  return corrupt(hole.from, hole.to, 'what the source has here does not lead to the known root: these are other events');
}

async function freeName(path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? path : `${path}-${number}`;
    if (!(await isThere(name))) return name;
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
