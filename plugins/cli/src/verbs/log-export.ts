import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { LogBoundary, ShiplogEvent } from '@shiplog/contracts';
import { linesOf } from '@shiplog/contracts/lines';
import { FORMATS, formatNamed } from '@shiplog/export';
import { CliError, UsageError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { exportTiles } from '../export-tiles.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { printAll } from '../print-all.ts';
import { defineVerb, type Flags } from '../verb.ts';
import { writeWholeFile } from '../write-whole-file.ts';

const NAMES = FORMATS.map(({ name }) => name);

const OPTIONS = {
  format: { type: 'text', value: 'FORMAT', help: `${NAMES.join(', ')} (ndjson)`, complete: NAMES },
  from: { type: 'text', value: 'MOMENT', help: 'From this position or time on' },
  to: { type: 'text', value: 'MOMENT', help: 'Up to this position or time' },
  out: {
    type: 'text',
    short: 'o',
    value: 'FILE',
    help: 'Write to a file, which is whole or not there; .gz and .zst are compressed; - is stdout',
    complete: 'file',
  },
  input: {
    type: 'text',
    value: 'FILE',
    help: 'Read an NDJSON export (.gz and .zst too, - for stdin) instead of an engine',
    complete: 'file',
  },
  tiles: { type: 'text', value: 'DIR', help: 'Mirror the log into a directory that proves itself (C2SP tlog-tiles)', complete: 'file' },
  sealed: { type: 'switch', help: 'Leave callers as the log has them: a copy to repair it from' },
  quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
} as const;

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: OPTIONS,
  details: [
    ...FORMATS.map(({ name, doc }) => `${name.padEnd(13)} ${doc}`),
    '',
    'A directory of tiles has all events as they are hashed, and the signed checkpoint that proves them. Repeating it adds what is new, and',
    'refuses a log that was rewritten in between.',
  ].join('\n'),
  examples: [
    { command: 'shiplog log export --out log.ndjson', what: 'the whole log, to keep or to convert later' },
    { command: 'shiplog log export --format parquet --from 24h --out day.parquet', what: 'the last day, for DuckDB' },
    { command: 'shiplog log export --input log.ndjson --format chrome-trace --out trace.json', what: 'without an engine' },
    { command: 'shiplog log export --tiles /mnt/audit/web-1', what: 'a copy that proves itself, on another disk' },
  ],
  async run(context, flags) {
    if (flags.tiles !== undefined) {
      const { tiles, quiet, ...others } = flags;
      if (Object.values(others).some((value) => value !== undefined && value !== false))
        throw new UsageError('--tiles mirrors the log as it is: no other option goes with it but --quiet');
      await exportTiles(context, tiles, quiet);
      return EXIT.ok;
    }
    const format = formatNamed(flags.format ?? 'ndjson');
    if (format.binary && isStdout(flags.out) && context.stdout.isTTY === true)
      throw new UsageError(`${format.name} is not for a terminal`, 'give --out FILE, or send it through a pipe');
    if (flags.input !== undefined && (flags.from !== undefined || flags.to !== undefined || flags.sealed))
      throw new UsageError('--input takes the file as it is', '--from, --to and --sealed go with an engine');
    const bar = new ProgressBar(context.stderr, 'Exporting', { unit: 'count', quiet: flags.quiet });
    try {
      const { boundary, events, total } =
        flags.input === undefined
          ? await fromEngine(context, flags, format.name === 'ndjson' && flags.from === undefined)
          : { events: fromFile(context, flags.input), total: 0 };
      const chunks = behind(boundary, format.write(counted(events, bar, total)));
      if (isStdout(flags.out)) await printAll(context, chunks);
      else await writeWholeFile(flags.out, chunks);
    } finally {
      bar.clear();
    }
    return EXIT.ok;
  },
});

function isStdout(out: string | undefined): out is undefined | '-' {
  return out === undefined || out === '-';
}

interface Exported {
  readonly boundary?: LogBoundary | undefined;
  readonly events: AsyncIterable<ShiplogEvent>;
  readonly total: number;
}

/** `whole`: from the first event that is kept, with what stands for those before. */
async function fromEngine(context: Context, { from, to, sealed }: Flags<typeof OPTIONS>, whole: boolean): Promise<Exported> {
  const { native } = await context.client();
  const { durableSeq } = await native.info();
  const range = { ...(to === undefined ? {} : { to }), sealed };
  if (whole) return { ...(await native.history(range)), total: durableSeq + 1 };
  return { events: await native.events({ ...range, ...(from === undefined ? {} : { from }) }), total: durableSeq + 1 };
}

/** What stands for pruned events is the first line, so that the others can be folded on. */
async function* behind(boundary: LogBoundary | undefined, chunks: AsyncIterable<string | Uint8Array>): AsyncIterable<string | Uint8Array> {
  if (boundary !== undefined) yield `${JSON.stringify(boundary)}\n`;
  yield* chunks;
}

async function* fromFile({ stdin }: Context, path: string): AsyncIterable<ShiplogEvent> {
  const raw: Readable = path === '-' ? stdin : createReadStream(path);
  const unpack = path.endsWith('.gz') ? createGunzip() : path.endsWith('.zst') ? createZstdDecompress() : undefined;
  raw.on('error', (error) => unpack?.destroy(error));
  let number = 0;
  try {
    for await (const line of linesOf(unpack === undefined ? raw : raw.pipe(unpack))) {
      number += 1;
      // What stands for pruned events is none.
      if (line.trim() !== '' && !isBoundary(line)) yield eventIn(line, `${path}:${number}`);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const problem = 'errno' in error && 'syscall' in error ? 'cannot be read' : 'is cut or damaged';
  return new CliError(`${path} ${problem}: ${error.message}`, { cause: error });
}

function isBoundary(line: string): boolean {
  return line.includes('"kind":"boundary"') && (JSON.parse(line) as { readonly kind?: unknown }).kind === 'boundary';
}

function eventIn(line: string, place: string): ShiplogEvent {
  const wrong = (cause?: unknown): CliError =>
    new CliError(`${place} is no event of a Shiplog export`, { hint: 'make one with `shiplog log export --out FILE`', cause });
  let event: Partial<ShiplogEvent>;
  try {
    event = JSON.parse(line) as Partial<ShiplogEvent>;
  } catch (error) {
    throw wrong(error);
  }
  if (typeof event.seq !== 'number' || typeof event.type !== 'string' || typeof event.t !== 'string') throw wrong();
  return event as ShiplogEvent;
}

async function* counted(events: AsyncIterable<ShiplogEvent>, bar: ProgressBar, total: number): AsyncIterable<ShiplogEvent> {
  let count = 0;
  for await (const event of events) {
    count += 1;
    if (count % 1000 === 0) bar.update(total === 0 ? count : event.seq + 1, total);
    yield event;
  }
}
