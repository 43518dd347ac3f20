import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type LogBoundary, ShiplogError, type ShiplogEvent } from '@shiplog/contracts';
import { archivedSegments } from './archive/bring-back.ts';
import { canonicalJson } from './canonical-json.ts';
import { segmentPosition } from './database.ts';
import { exportLines } from './export-lines.ts';
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
 * An export (a file with one event a line, as `shiplog log export --sealed` prints them; also gzip or zstd) or the directory of another copy of the log.
 * The source throws REQUEST_INVALID for a line that is no event, and for one that is needed and tells its caller in clear.
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
  for await (const [line, number] of exportLines(file)) {
    const event = parsed(line, file, number);
    if (event === undefined) continue;
    if (!within(ranges, event.seq)) continue;
    if (isOpened(event)) throw openedCallers(file);
    texts.set(event.seq, canonicalJson(event));
  }
  return texts;
}

/** Whether the caller is told as it was: the log has it sealed, and nobody can seal it so again. */
function isOpened({ actor }: ShiplogEvent): boolean {
  return actor.scheme !== 'sealed' && actor.scheme !== 'system';
}

function openedCallers(source: string): ShiplogError {
  const message = `${source} tells callers in clear, so it has other bytes than the log: repair from \`log export --sealed\`, from tiles or from a copy`;
  return new ShiplogError('REQUEST_INVALID', message, { source });
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
