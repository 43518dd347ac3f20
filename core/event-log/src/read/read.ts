import { type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import type { Hash } from '@shiplog/tlog';
import { BatchCursor } from './batch-cursor.ts';
import { corrupt, pruned, prunedBefore, refusal } from '../check/corrupt.ts';
import { ENCODING, type LogDatabase, segmentKey } from '../stored/database.ts';
import { FrameError } from '../stored/frame.ts';
import type { LogIndex } from '../indexes/log-index.ts';
import { MAX_EVENTS, Segment } from '../stored/segment.ts';
import { SegmentScan } from '../stored/segment-scan.ts';
import type { SegmentTable } from '../indexes/segment-table.ts';
import type { TypeSelection } from '../indexes/type-index.ts';

/** Values fetched at once by a scan, and positions looked up at once in a stream. */
const SCAN_CHUNK = 8;
const STREAM_CHUNK = 128;

/** What reading needs. */
export interface Source {
  readonly db: LogDatabase;
  readonly index: LogIndex;
  readonly segments: SegmentTable;
  /** Position of the first event that is kept. */
  readonly firstSeq: number;
}

/** Events `from` to `to`, both durable. */
function readRange(source: Source, from: number, to: number): BatchCursor<ShiplogEvent> {
  return readSegments(source, from, to, within);
}

/** Canonical bytes of the events `from` to `to`, both durable. */
export function readBytes(source: Source, from: number, to: number): BatchCursor<Buffer> {
  return readSegments(source, from, to, (segment) => segment.leaves().slice(Math.max(0, from - segment.first), to - segment.first + 1));
}

function readSegments<T>(
  source: Source,
  from: number,
  to: number,
  take: (segment: Segment, from: number, to: number) => readonly T[],
): BatchCursor<T> {
  if (from > to) return new BatchCursor(async () => [], nothing);
  const scan = new SegmentScan(source.db, { first: source.segments.holding(from), last: to, ahead: true, chunk: SCAN_CHUNK });
  let segments: readonly Segment[] = [];
  let at = 0;
  return reading(
    source,
    async () => {
      for (;;) {
        if (at === segments.length) {
          segments = await scan.next();
          at = 0;
        }
        // Parsed one segment at a time: events that are dropped before the next are parsed cost the collector nothing.
        const segment = segments[at++];
        if (segment === undefined) return [];
        const taken = take(segment, from, to);
        if (taken.length > 0) return taken;
      }
    },
    () => scan.close(),
  );
}

/** Some events from `from` on, at least one, none after `to`; both durable. Holds nothing open afterwards. */
export async function readSome(source: Source, from: number, to: number, chunk: number): Promise<readonly ShiplogEvent[]> {
  const scan = new SegmentScan(source.db, { first: source.segments.holding(from), last: to, ahead: false, chunk });
  try {
    return (await scan.next()).flatMap((segment) => within(segment, from, to));
  } catch (error) {
    throw prunedMeanwhile(source, error);
  } finally {
    await scan.close();
  }
}

/** Events of one stream from `fromRev` on, or all that are kept, none after position `last`. */
export function readStream(source: Source, stream: string, fromRev: number | undefined, last: number): BatchCursor<ShiplogEvent> {
  const all = source.index.positions(stream, fromRev ?? 0, last);
  const positions = all.filter((seq) => seq >= source.firstSeq);
  if (fromRev !== undefined && positions.length < all.length) throw pruned(all[0] ?? 0, source.firstSeq);
  return readAt(source, Array.from(positions), last);
}

/** What a selection of events is made by; all of them where it says nothing. */
export interface Wanted {
  readonly types?: readonly string[];
  readonly stream?: string;
  readonly tag?: string;
}

/** Events `from` to `to`, both durable, that are wanted. */
export function readWanted(source: Source, { tag, ...wanted }: Wanted, from: number, to: number): BatchCursor<ShiplogEvent> {
  if (tag === undefined) return readSelected(source, wanted, from, to);
  if (source.index.lastTagged(tag) < from) return new BatchCursor(async () => [], nothing);
  const cursor = readSelected(source, wanted, from, to);
  return new BatchCursor(
    async () => {
      for (let next = await cursor.next(); next.done !== true; next = await cursor.next())
        if (next.value.tags?.includes(tag) === true) return [next.value];
      return [];
    },
    () => cursor.stop(),
  );
}

function readSelected(source: Source, { types, stream }: Omit<Wanted, 'tag'>, from: number, to: number): BatchCursor<ShiplogEvent> {
  if (stream === undefined) return types === undefined ? readRange(source, from, to) : readTypes(source, types, from, to);
  const selection = types && source.index.types.select(types);
  const positions = source.index.positionsBetween(stream, from, to);
  return readAt(source, selection === undefined ? positions : positions.filter((seq) => selection.has(seq)), to);
}

/** Events at some positions, ascending, none after `last`. */
function readAt(source: Source, positions: readonly number[], last: number): BatchCursor<ShiplogEvent> {
  let at = 0;
  return reading(source, async () => {
    const chunk = positions.slice(at, at + STREAM_CHUNK);
    at += chunk.length;
    return eventsAt(source, chunk, last);
  });
}

/** Events `from` to `to`, both durable, whose type fits one of `patterns`. */
function readTypes(source: Source, patterns: readonly string[], from: number, to: number): BatchCursor<ShiplogEvent> {
  const selection = source.index.types.select(patterns);
  const begin = selection.positions(from, to, STREAM_CHUNK);
  // Where most segments have some, fetching all in order is cheaper than looking up each.
  if (begin.length === STREAM_CHUNK && (begin.at(-1) ?? to) - from < STREAM_CHUNK * MAX_EVENTS)
    return readSegments(source, from, to, (segment, first, last) => selected(segment, selection, Math.max(first, segment.first), last));
  let next = from;
  return reading(source, async () => {
    const positions = selection.positions(next, to, STREAM_CHUNK);
    next = (positions.at(-1) ?? to) + 1;
    return eventsAt(source, positions, to);
  });
}

/** Position of the last of the events up to `last` before the first that is later than `time`; -1 for none. Throws LOG_PRUNED where that is gone. */
export async function positionAt(source: Source, time: bigint, first: number, last: number): Promise<number> {
  const cursor = readRange(source, Math.max(first, source.index.times.blockAfter(time)), last);
  for await (const event of cursor) {
    if (BigInt(event.t) <= time) continue;
    // The last event that was pruned stands for its moment still; when it was, nobody knows any more.
    if (event.seq === first && first > 0) throw prunedBefore(event);
    return event.seq - 1;
  }
  return last;
}

/** Leaf hashes of the events `from` to `to`, both durable. */
export async function leafHashes(source: Source, from: number, to: number): Promise<readonly Hash[]> {
  const scan = new SegmentScan(source.db, { first: source.segments.holding(from), last: to, ahead: false, chunk: SCAN_CHUNK });
  const hashes: Hash[] = [];
  try {
    for (let segments = await scan.next(); segments.length > 0; segments = await scan.next()) {
      for (const segment of segments) hashes.push(...segment.leafHashes().slice(Math.max(0, from - segment.first)));
    }
  } finally {
    await scan.close();
  }
  return hashes.slice(0, to - from + 1);
}

async function eventsAt(source: Source, positions: readonly number[], last: number): Promise<readonly ShiplogEvent[]> {
  const wanted = new Map<number, number[]>();
  for (const seq of positions) {
    const first = source.segments.holding(seq);
    const group = wanted.get(first);
    if (group === undefined) wanted.set(first, [seq]);
    else group.push(seq);
  }
  const firsts = [...wanted.keys()];
  const values = await valuesOf(source.db, firsts, last);
  return firsts.flatMap((first, index) => {
    const end = (source.segments.after(first) ?? last + 1) - 1;
    const value = values[index];
    if (value === undefined) throw corrupt(first, end, 'missing');
    try {
      const group = wanted.get(first) ?? [];
      const segment = new Segment(value);
      const events = segment.eventsAt(group);
      if (segment.first !== first || events.length !== group.length)
        throw new FrameError(`found events from ${segment.first} on in its place`);
      return events;
    } catch (error) {
      throw refusal(error, first, end);
    }
  });
}

async function valuesOf(db: LogDatabase, firsts: readonly number[], last: number): Promise<readonly (Buffer | undefined)[]> {
  try {
    return await db.getMany<string, Buffer>(firsts.map(segmentKey), ENCODING);
  } catch (error) {
    throw refusal(error, firsts[0] ?? 0, last);
  }
}

function within(segment: Segment, from: number, to: number): readonly ShiplogEvent[] {
  try {
    const events = segment.events();
    return from <= segment.first && segment.last <= to ? events : events.filter(({ seq }) => seq >= from && seq <= to);
  } catch (error) {
    throw refusal(error, segment.first, segment.last);
  }
}

function selected(segment: Segment, selection: TypeSelection, from: number, to: number): readonly ShiplogEvent[] {
  try {
    return segment.eventsAt(selection.positions(from, Math.min(to, segment.last), segment.count));
  } catch (error) {
    throw refusal(error, segment.first, segment.last);
  }
}

/** A cursor over events that may be pruned before it comes to them. */
function reading<T>(source: Source, fetch: () => Promise<readonly T[]>, release = nothing): BatchCursor<T> {
  return new BatchCursor(async () => {
    try {
      return await fetch();
    } catch (error) {
      throw prunedMeanwhile(source, error);
    }
  }, release);
}

/** What is missing before the first event that is kept is no damage. */
function prunedMeanwhile({ firstSeq }: Source, error: unknown): unknown {
  if (!(error instanceof ShiplogError) || error.code !== 'LOG_CORRUPT') return error;
  const { from } = error.facts;
  return typeof from === 'number' && from < firstSeq ? pruned(from, firstSeq) : error;
}

async function nothing(): Promise<void> {
  return undefined;
}
