import { type LogBoundary, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { exportLines } from '@shiplog/event-log';

/** Events of an export, one JSON object a line, and what stands for pruned ones. Empty lines are passed over. Throws REQUEST_INVALID, naming the line. */
export async function* readExport(path: string): AsyncGenerator<ShiplogEvent | LogBoundary> {
  for await (const [line, number] of exportLines(path)) yield parseLine(line, path, number);
}

function parseLine(line: string, path: string, number: number): ShiplogEvent | LogBoundary {
  const wrong = (problem: string, cause?: unknown): ShiplogError =>
    new ShiplogError(
      'REQUEST_INVALID',
      `line ${number} of ${path} ${problem}; a log is exported with \`shiplog log export\``,
      { path, line: number },
      { cause },
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw wrong('is not JSON', error);
  }
  if (typeof parsed !== 'object' || parsed === null) throw wrong('is no event');
  const event = parsed as { readonly [field: string]: unknown };
  if (event['kind'] === 'boundary') {
    const { first, state } = event;
    if (!Number.isSafeInteger(first) || typeof state !== 'object' || state === null) throw wrong('is no boundary');
  } else if (!Number.isSafeInteger(event['seq']) || typeof event['type'] !== 'string') throw wrong('is no event');
  if (event['v'] !== 1)
    throw new ShiplogError(
      'LOG_TOO_NEW',
      `line ${number} of ${path} has envelope version ${String(event['v'])}, and this release reads 1`,
      {
        path,
      },
    );
  if (event['kind'] !== 'boundary' && !(isTime(event['t']) && isTime(event['mono']))) throw wrong('is no event: it has no time');
  // What later code needs of it; the rest was checked by the engine that wrote it.
  return parsed as ShiplogEvent | LogBoundary;
}

/** Nanoseconds, decimal. */
function isTime(value: unknown): boolean {
  return typeof value === 'string' && /^\d+$/.test(value);
}
