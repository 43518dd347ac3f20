import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Bounded, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { corrupt } from '../check/corrupt.ts';
import { type LogDatabase, segmentKey } from '../stored/database.ts';
import { FrameError } from '../stored/frame.ts';
import { baseEdge } from '../load.ts';
import type { Range } from '../repair/repair-source.ts';
import { archiveKey } from './archive-record.ts';
import { baseParts, boundedBy, readBase, writeBase } from './base.ts';

/** What a log says of its beginnings, by the first position that is kept. A prune that was cut off has left its record as well. */
export type Bounds = ReadonlyMap<number, Bounded>;

const BOUNDED = 'log.bounded';

/** What events tell; of texts that nobody has proven yet it is as true as they are. */
export async function boundsIn(texts: AsyncIterable<string> | Iterable<string>): Promise<Bounds> {
  const bounds = new Map<number, Bounded>();
  for await (const text of texts) {
    if (!text.includes(BOUNDED)) continue;
    const bounded = boundedIn(text);
    if (bounded !== undefined) bounds.set(bounded.first, bounded);
  }
  return bounds;
}

/** Undefined for what is no such event: a source may give anything. */
function boundedIn(text: string): Bounded | undefined {
  try {
    const { type, data } = JSON.parse(text) as Partial<ShiplogEvent>;
    if (type !== BOUNDED || !Number.isSafeInteger(data?.first)) return undefined;
    return data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Where a salvaged log with `holes` begins: 0 if nothing was pruned. Undefined when what stands for pruned events is gone, damaged, not what the log says
 * of it, or of an earlier prune than the last.
 */
export async function wholeBeginning(db: LogDatabase, bounds: Bounds, holes: readonly Range[]): Promise<number | undefined> {
  try {
    await baseEdge(db);
    const base = await readBase(db);
    const first = base?.first ?? 0;
    for (const later of bounds.keys()) if (later > first && !isWhole(holes, first, later)) return undefined;
    const said = bounds.get(first);
    return base === undefined || said === undefined || isDeepStrictEqual(said, boundedBy(first, base)) ? first : undefined;
  } catch (error) {
    if (error instanceof FrameError || (error instanceof ShiplogError && error.code === 'LOG_CORRUPT')) return undefined;
    throw error;
  }
}

/** What there is to make a beginning of. */
export interface Remains {
  readonly bounds: Bounds;
  /** Events that are not whole. */
  readonly holes: readonly Range[];
  /** States and index pages of a source, of any prune. */
  readonly parts: readonly Uint8Array[];
  /** Whether a source has an event. */
  readonly isThere: (seq: number) => boolean;
}

/**
 * Puts what stands for pruned events back, of parts with the hashes that the log recorded, and answers with the first position that is kept. Where there
 * are none, but the source has the events themselves, nothing stands for them any more: the log begins at 0. Throws LOG_CORRUPT, with the range that
 * is gone, where neither can be.
 */
export async function bringBackBase(db: LogDatabase, { bounds, holes, parts, isThere }: Remains): Promise<number | undefined> {
  const found = new Map([...(await baseParts(db)), ...parts].map((bytes) => [hash('sha256', bytes), bytes]));
  const [last, ...earlier] = [...bounds.values()]
    .toSorted((a, b) => b.first - a.first)
    .flatMap(({ first, ...hashes }) => {
      const [index, state] = [found.get(hashes.index), found.get(hashes.state)];
      return index === undefined || state === undefined ? [] : [{ first, index, state }];
    });
  if (last === undefined) {
    const end = Math.max(0, ...bounds.keys());
    for (const { from, to } of holes)
      for (let seq = from; seq <= Math.min(to, end - 1); seq++) if (!isThere(seq)) throw corrupt(0, end - 1, LOST);
  }
  let base = last;
  // A prune that was cut off had removed nothing yet.
  for (const before of [...earlier, undefined]) if (base !== undefined && isWhole(holes, before?.first ?? 0, base.first)) base = before;
  await writeBase(db, base);
  return base?.first;
}

const LOST = 'what stands for these pruned events is damaged, and the source has neither it nor the events';

/** Removes what salvage found of events before `first`, and of archives that held them: files of a database have for a while what was deleted from it. */
export async function forgetBefore(db: LogDatabase, first: number): Promise<void> {
  await db.clear<string>({ gte: segmentKey(0), lt: segmentKey(first), keyEncoding: 'utf8' });
  await db.clear<string>({ gte: archiveKey(0), lt: archiveKey(first), keyEncoding: 'utf8' });
}

/** Whether no hole has an event from `first` to before `end`. */
function isWhole(holes: readonly Range[], first: number, end: number): boolean {
  return holes.every(({ from, to }) => to < first || from >= end);
}
