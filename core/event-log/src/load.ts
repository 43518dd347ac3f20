import { type CompleteTile, type Hash, hashOf, type TreeEdge } from '@shiplog/tlog';
import { ShiplogError } from '@shiplog/contracts';
import { encodeTile } from './append/commit.ts';
import { readBaseIndex } from './archive/base.ts';
import { corrupt, refusal } from './check/corrupt.ts';
import { ENCODING, HEAD_KEY, type LogDatabase, segmentPosition, SYNCED, tileKey } from './stored/database.ts';
import { FrameError } from './stored/frame.ts';
import { encodeHead, readHead } from './stored/head.ts';
import { GENESIS } from './stored/hash-link.ts';
import { loadPage, PAGE_KIND } from './indexes/index-page.ts';
import type { Mark } from './stored/mark.ts';
import { RawScan } from './stored/raw-scan.ts';
import type { Segment } from './stored/segment.ts';
import { SegmentScan } from './stored/segment-scan.ts';
import type { SnapshotDatabase } from './snapshots/snapshot-database.ts';
import { type CompletePage, Tail } from './append/tail.ts';

/** What opening finds out. */
export interface LoadedLog {
  readonly head: Mark;
  readonly tail: Tail;
  /** Tiles that the events read completed. In a log whose end is of format 1 they are not stored yet. */
  readonly tiles: readonly CompleteTile[];
  /** Position of the last event that pages told of; -1 for none. Any page after it is of no use. */
  readonly pagesTo: number;
  /** Pages that the events read completed: they were lost, or never kept. */
  readonly pages: readonly CompletePage[];
}

/**
 * Reads the log from the end of the last usable page of its indexes, and checks all it reads: contiguity, checksums, what binds
 * events to their past, stream revisions, and that it ends where the head mark says. What is before was checked when its pages
 * were made, and is again when it is read. `witness` is a mark kept outside of the database; it tells of events that were acknowledged and
 * are gone from the end without a trace. Throws LOG_CORRUPT, naming the range, or LOG_TOO_NEW.
 */
export async function load(db: LogDatabase, witness: Mark | undefined, snapshots: SnapshotDatabase | undefined): Promise<LoadedLog> {
  const head = await readEnd(db, witness);
  const usable = head.format === 2 ? snapshots : undefined;
  const tail = await tailOfPages(db, head.seq, usable);
  const start = await beginning(db);
  if (tail.size <= start.size) return read(db, head, start, witness);
  try {
    return await read(db, head, tail, witness);
  } catch (error) {
    // Pages may be of another history, after a log was put in place of another: then the events alone tell.
    if (error instanceof ShiplogError && error.code === 'LOG_CORRUPT') return read(db, head, start, witness);
    throw error;
  }
}

/** The indexes and the tree as of the event at `size - 1`, without reading more events than need be. Throws LOG_CORRUPT. */
export async function tailAt(db: LogDatabase, size: number, snapshots: SnapshotDatabase | undefined): Promise<Tail> {
  const tail = await tailOfPages(db, size - 1, snapshots);
  const fold = new Fold(tail, undefined);
  const scan = new SegmentScan(db, { first: tail.size, last: size - 1, ahead: true, chunk: 256 });
  try {
    for (let chunk = await scan.next(); chunk.length > 0 && tail.size < size; chunk = await scan.next()) {
      for (const segment of chunk) if (segment.last < size) fold.add(segment);
    }
  } finally {
    await scan.close();
  }
  return tail;
}

/** What pages tell, none of them after `last`: of all events from the first, or of those behind what was pruned. */
async function tailOfPages(db: LogDatabase, last: number, snapshots: SnapshotDatabase | undefined): Promise<Tail> {
  const tail = new Tail();
  if (snapshots !== undefined) await loadPages(tail, snapshots, last);
  const start = await beginning(db);
  if (tail.size >= start.size) return tail;
  if (snapshots !== undefined) await loadPages(start, snapshots, last);
  return start;
}

/** Where reading events begins: at the first, or behind those that were pruned, with all that the indexes knew of them. */
async function beginning(db: LogDatabase): Promise<Tail> {
  const tail = new Tail();
  try {
    const base = await readBaseIndex(db);
    if (base === undefined) return tail;
    const edge = loadPage(base.index, tail.index, tail.segments);
    if (edge === undefined) throw new FrameError('it does not have the form of an index page');
    if (edge.size !== base.first) throw new FrameError('what stands for the pruned events is not of those before the first that is kept');
    tail.resume(edge);
    return tail;
  } catch (error) {
    throw refusal(error, 0, Math.max(0, (await firstStored(db)) - 1));
  }
}

/** Position of the first event that is stored; 0 where that cannot be told. */
async function firstStored(db: LogDatabase): Promise<number> {
  const scan = new RawScan(db, { first: 0, ahead: false, chunk: 1 });
  try {
    const [entry] = await scan.next();
    return entry === undefined ? 0 : (segmentPosition(entry[0]) ?? 0);
  } catch (error) {
    if (error instanceof ShiplogError) return 0;
    throw error;
  } finally {
    await scan.close();
  }
}

/** Stores the tree of a log that an earlier release wrote, and a head mark of today's format. */
export async function storeTree(db: LogDatabase, { tail, tiles }: LoadedLog): Promise<void> {
  const batch = db.batch();
  for (const { level, index, bytes } of tiles) batch.put<string, Buffer>(tileKey(level, index), encodeTile(bytes), ENCODING);
  batch.put<string, Buffer>(HEAD_KEY, encodeHead(tail.size - 1, tail.edge.frontier().encode()), ENCODING);
  await batch.write(SYNCED);
}

/** Reads on from where `tail` ends. */
async function read(db: LogDatabase, head: Mark, tail: Tail, witness: Mark | undefined): Promise<LoadedLog> {
  const pagesTo = tail.size - 1;
  const fold = new Fold(tail, witness);
  const scan = new SegmentScan(db, { first: tail.size, last: head.seq, ahead: true, chunk: 256 });
  try {
    for (let chunk = await scan.next(); chunk.length > 0; chunk = await scan.next()) {
      for (const segment of chunk) fold.add(segment);
    }
  } finally {
    await scan.close();
  }
  fold.end(head);
  return { head, tail, tiles: fold.tiles, pagesTo, pages: fold.pages };
}

/** Takes in the pages that follow on each other from the beginning, none after `last`. */
async function loadPages(tail: Tail, snapshots: SnapshotDatabase, last: number): Promise<void> {
  for await (const { seq, bytes, history } of snapshots.whole(PAGE_KIND)) {
    if (seq > last) break;
    if (seq < tail.size) continue;
    const edge = loadPage(bytes, tail.index, tail.segments);
    // A page of another history does not lead to the root that the log's next segment names: found by who reads on from here.
    if (edge === undefined || edge.size !== seq + 1 || edge.root() !== hashOf(history)) break;
    tail.resume(edge);
  }
}

class Fold {
  readonly tiles: CompleteTile[] = [];
  readonly pages: CompletePage[] = [];
  readonly #tail: Tail;
  readonly #witness: Mark | undefined;
  /** The link after the last event, as long as all events before were of format 1. */
  #link: Hash | undefined;
  /** First position of the segment before. */
  #before: number;

  constructor(tail: Tail, witness: Mark | undefined) {
    this.#tail = tail;
    this.#witness = witness;
    this.#link = tail.size === 0 ? hashOf(GENESIS) : undefined;
    this.#before = tail.size;
  }

  add(segment: Segment): void {
    const tail = this.#tail;
    const { first, last } = segment;
    const past = segment.format === 1 ? this.#link : tail.edge.root();
    // Either side may be the one that was changed.
    if (past !== undefined && segment.past !== past) throw corrupt(this.#before, last, 'it does not continue from the events before');
    this.#link = segment.format === 1 ? segment.link() : undefined;
    tail.addSegment(first);
    const hashes = segment.leafHashes();
    for (const [index, event] of eventsOf(segment).entries()) {
      const revision = tail.index.revision(event.stream);
      if (event.rev !== revision + 1) {
        throw corrupt(event.seq, event.seq, `revision ${event.rev} of ${event.stream} does not follow ${revision}`);
      }
      tail.index.add(event);
      tail.edge.append(hashes[index] ?? '', this.#complete);
    }
    this.#before = first;
    const witness = this.#witness;
    if (witness !== undefined && witness.seq >= first && witness.seq <= last && !(witness.seq === last && this.#stands(witness))) {
      throw corrupt(first, last, 'these are not the events that were acknowledged here');
    }
    if (tail.pageDue) this.pages.push(tail.endPage());
  }

  readonly #complete = (tile: CompleteTile): void => void this.tiles.push(tile);

  end(head: Mark): void {
    if (head.seq >= 0 && !this.#stands(head)) throw corrupt(this.#before, head.seq, 'the events do not lead to the head mark');
  }

  /** Whether a mark of the last event's position is one of these events. */
  #stands({ format, hash }: Mark): boolean {
    return hash === (format === 1 ? this.#link : this.#tail.edge.root());
  }
}

function eventsOf(segment: Segment): ReturnType<Segment['events']> {
  try {
    return segment.events();
  } catch (error) {
    throw refusal(error, segment.first, segment.last);
  }
}

/** The head mark, when the events end there and no later than they once did. */
async function readEnd(db: LogDatabase, witness: Mark | undefined): Promise<Mark> {
  try {
    const head = await readHead(db);
    if (witness !== undefined && witness.seq > head.seq) {
      throw corrupt(head.seq + 1, witness.seq, 'acknowledged once, and gone from the end of the log');
    }
    await refuseBeyond(db, head);
    return head;
  } catch (error) {
    throw refusal(error, 0, Math.max(0, witness?.seq ?? 0));
  }
}

async function refuseBeyond(db: LogDatabase, head: Mark): Promise<void> {
  const scan = new RawScan(db, { first: head.seq + 1, ahead: false, chunk: 1 });
  const beyond = await scan.next();
  await scan.close();
  if (beyond.length > 0) throw corrupt(head.seq + 1, head.seq + 1, 'stored after the head mark, which every write moves along');
}

/** The tree's edge behind what was pruned; undefined where nothing was. Throws LOG_CORRUPT. */
export async function baseEdge(db: LogDatabase): Promise<TreeEdge | undefined> {
  const { edge } = await beginning(db);
  return edge.size === 0 ? undefined : edge;
}
