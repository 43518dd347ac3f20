import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type LogBoundary, ShiplogError, type ShiplogEvent } from '@shiplog/contracts';
import { archivedSegments } from './archive/bring-back.ts';
import { canonicalJson } from './canonical-json.ts';
import { segmentPosition } from './database.ts';
import { FrameError } from './frame.ts';
import { salvage } from './level-files/level-files.ts';
import { Segment } from './segment.ts';

/** Positions from `from` to `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where events come from that a log lost: canonical texts of those in some ranges, by position, as far as they are there. Nothing is believed of them. */
export type RepairSource = (ranges: readonly Range[]) => Promise<ReadonlyMap<number, string>>;

/**
 * An export (a file with one event a line, as `shiplog events --format json` prints them) or the directory of another copy of the log.
 * The source throws REQUEST_INVALID for a line that is no event.
 */
export function sourceAt(path: string): RepairSource {
  return async (ranges) => ((await stat(path)).isDirectory() ? copyTexts(path, ranges) : exportTexts(path, ranges));
}

async function copyTexts(directory: string, ranges: readonly Range[]): Promise<ReadonlyMap<number, string>> {
  const texts = new Map<number, string>();
  const db = await stat(join(directory, 'CURRENT')).then(
    () => directory,
    () => join(directory, 'db'),
  );
  const take = (value: Buffer): void => {
    try {
      const segment = new Segment(value);
      for (const [index, leaf] of segment.leaves().entries())
        if (within(ranges, segment.first + index)) texts.set(segment.first + index, leaf.toString('utf8'));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
    }
  };
  await salvage(db, ({ key, value }) => {
    if (value !== undefined && segmentPosition(key) !== undefined) take(value);
  });
  for await (const segment of archivedSegments(join(db, '..', 'archive'))) take(segment);
  return texts;
}

async function exportTexts(file: string, ranges: readonly Range[]): Promise<ReadonlyMap<number, string>> {
  const texts = new Map<number, string>();
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const event = parsed(line, file, number);
    if (event === undefined) continue;
    if (within(ranges, event.seq)) texts.set(event.seq, canonicalJson(event));
  }
  return texts;
}

function within(ranges: readonly Range[], seq: number): boolean {
  return ranges.some(({ from, to }) => seq >= from && seq <= to);
}

/** Undefined for what stands for pruned events. */
function parsed(line: string, source: string, number: number): ShiplogEvent | undefined {
  try {
    const event = JSON.parse(line) as ShiplogEvent | LogBoundary;
    if (typeof event === 'object' && event !== null && event.kind === 'boundary') return undefined;
    if (typeof event === 'object' && event !== null && Number.isSafeInteger(event.seq)) return event;
  } catch (error) {
    throw new ShiplogError('REQUEST_INVALID', `line ${number} of ${source} is not JSON`, { source, line: number }, { cause: error });
  }
  throw new ShiplogError('REQUEST_INVALID', `line ${number} of ${source} is not an event of a log`, { source, line: number });
}
