import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type LogBoundary, ShiplogError, type ShiplogEvent } from '@shiplog/contracts';
import { basePart, isBaseKey } from '../archive/base.ts';
import { baseCopyParts } from '../archive/base-copy.ts';
import { archivedSegments } from '../archive/bring-back.ts';
import { canonicalJson } from '../append/canonical-json.ts';
import { segmentPosition } from '../stored/database.ts';
import { exportLines } from '../read/export-lines.ts';
import { FrameError } from '../stored/frame.ts';
import { salvage } from '../level-files/level-files.ts';
import { Segment } from '../stored/segment.ts';

/** Positions from `from` to `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where comes from what a log lost. Nothing is believed of it. */
export interface RepairSource {
  /** Canonical texts of the events in some ranges, by position, as far as they are there. */
  events(ranges: readonly Range[]): Promise<ReadonlyMap<number, string>>;
  /** Parts of what may stand for pruned events, states and index pages, as they are stored. */
  boundaryParts(): Promise<readonly Uint8Array[]>;
}

/**
 * An export (a file with one event a line, as `shiplog log export --sealed` prints them; also gzip or zstd) or the directory of another copy of the log.
 * The source throws REQUEST_INVALID for a line that is no event, and for one that is needed and tells its caller in clear.
 */
export function sourceAt(path: string): RepairSource {
  const isDirectory = async (): Promise<boolean> => (await stat(path)).isDirectory();
  return {
    events: async (ranges) => ((await isDirectory()) ? copyTexts(path, ranges) : exportTexts(path, ranges)),
    boundaryParts: async () => ((await isDirectory()) ? copyParts(path) : exportParts(path)),
  };
}

function databaseIn(directory: string): Promise<string> {
  return stat(join(directory, 'CURRENT')).then(
    () => directory,
    () => join(directory, 'db'),
  );
}

async function copyTexts(directory: string, ranges: readonly Range[]): Promise<ReadonlyMap<number, string>> {
  const texts = new Map<number, string>();
  const db = await databaseIn(directory);
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

async function copyParts(directory: string): Promise<readonly Buffer[]> {
  const db = await databaseIn(directory);
  const parts = [...(await baseCopyParts(join(db, '..', 'archive')))];
  await salvage(db, ({ key, value }) => {
    const part = isBaseKey(key) ? basePart(value) : undefined;
    if (part !== undefined) parts.push(part);
  });
  return parts;
}

async function exportTexts(file: string, ranges: readonly Range[]): Promise<ReadonlyMap<number, string>> {
  const texts = new Map<number, string>();
  for await (const [line, number] of exportLines(file)) {
    const item = parsed(line, file, number);
    if (item.kind === 'boundary' || !within(ranges, item.seq)) continue;
    if (isOpened(item)) throw openedCallers(file);
    texts.set(item.seq, canonicalText(item, file, number));
  }
  return texts;
}

/** An export has states alone. Their stored form is canonical, as that of events. */
async function exportParts(file: string): Promise<readonly Buffer[]> {
  const parts: Buffer[] = [];
  for await (const [line, number] of exportLines(file)) {
    const item = parsed(line, file, number);
    if (item.kind === 'boundary') parts.push(Buffer.from(canonicalText(item.state, file, number)));
  }
  return parts;
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

function parsed(line: string, source: string, number: number): ShiplogEvent | LogBoundary {
  try {
    const item: unknown = JSON.parse(line);
    if (isItem(item)) return item;
  } catch (error) {
    throw new ShiplogError('REQUEST_INVALID', `line ${number} of ${source} is not JSON`, { source, line: number }, { cause: error });
  }
  throw noEvent(source, number);
}

/** Whether it has what is looked at here: the rest is compared by its hash. */
function isItem(item: unknown): item is ShiplogEvent | LogBoundary {
  if (typeof item !== 'object' || item === null) return false;
  const { kind, state, seq, actor } = item as { readonly [field: string]: unknown };
  return kind === 'boundary' ? typeof state === 'object' : Number.isSafeInteger(seq) && typeof actor === 'object' && actor !== null;
}

/** What the log itself wrote is never so deep that this fails. */
function canonicalText(value: unknown, source: string, number: number): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    throw noEvent(source, number, error);
  }
}

function noEvent(source: string, number: number, cause?: unknown): ShiplogError {
  return new ShiplogError('REQUEST_INVALID', `line ${number} of ${source} is not an event of a log`, { source, line: number }, { cause });
}
