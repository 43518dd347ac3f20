import type { ObjectChange, StateDiff } from '@shiplog/contracts';
import { ApiError } from '@shiplog/client';
import { CliError, UsageError } from '../cli-error.ts';
import { type Context, note, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { localTime } from '../format/human-time.ts';
import { printTable } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';
import { zonedMoment } from '../zoned-moment.ts';

const KINDS: readonly string[] = ['container', 'image', 'network', 'volume'];

/** Characters of a value that a table shows. */
const WIDTH = 40;

/** A time of the log. */
const NANOSECONDS = /^\d{16,20}$/;

export default defineVerb({
  usage: '[OPTIONS] FROM[..TO]',
  args: [1, 1],
  options: {
    format: { type: 'text', value: 'json', help: 'A JSON object for each object that differs', complete: ['json'] },
    'no-trunc': { type: 'switch', help: 'Show ids and values whole' },
    type: { type: 'list', value: 'KIND', help: 'Only of this kind', complete: KINDS },
  },
  details:
    'What differs in the engine between two moments: what was added, removed, or changed, field by field. A moment is a position, a\ntime (yesterday, 12:00, 2026-01-31T10:00), or a duration ago (10m, 1 month ago); without TO it is now. With a copied time it is after the\nevent that it was shown of.',
  examples: [
    { command: "shiplog diff '10 minutes ago'", what: 'what became of everything in ten minutes' },
    { command: 'shiplog diff 4200..4711', what: 'between two events' },
    { command: 'shiplog diff yesterday..today', what: 'all of the day before' },
    { command: "shiplog diff '2026-01-31T10:00..2026-01-31T11:00' --format json", what: 'an hour, for a program' },
  ],
  async run(context, flags, [range = '']) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const unknown = flags.type.find((kind) => !KINDS.includes(kind));
    if (unknown !== undefined) throw new UsageError(`--type takes ${KINDS.join(', ')}, not "${unknown}"`);
    const { from, to } = momentsOf(range);
    const { native } = await context.client();
    const diff = await native.diff(from, to).catch((error: unknown) => {
      // As the docker command has it.
      if (to !== undefined || !(error instanceof ApiError) || error.code !== 'REQUEST_INVALID') throw error;
      throw new CliError(error.message, { hint: `what a container wrote is told by \`shiplog changes ${from}\``, cause: error });
    });
    const changes = diff.changes.filter(({ kind }) => flags.type.length === 0 || flags.type.includes(kind));
    if (flags.format === 'json') for (const change of changes) print(context, JSON.stringify(change));
    else printChanges(context, { ...diff, changes }, flags['no-trunc']);
    return EXIT.ok;
  },
});

/** The first two dots part them: a time has one dot at most in a row. */
function momentsOf(range: string): { readonly from: string; readonly to?: string } {
  const dots = range.indexOf('..');
  const from = (dots === -1 ? range : range.slice(0, dots)).trim();
  const to = dots === -1 ? '' : range.slice(dots + 2).trim();
  if (from === '') throw new UsageError(`"${range}" does not say from when: write FROM..TO, such as 10m..now`);
  return to === '' ? { from: zonedMoment(from) } : { from: zonedMoment(from), to: zonedMoment(to) };
}

function printChanges(context: Context, { from, to, changes }: StateDiff, whole: boolean): void {
  if (changes.length === 0) {
    const where = to === -1 ? 'come before the log begins' : `are after event ${to}, and before the next`;
    note(context, from === to ? `nothing differs: both moments ${where}` : `nothing differs between events ${from} and ${to}`);
    return;
  }
  printTable(
    context,
    ['CHANGE', 'KIND', 'NAME', 'FIELD', 'BEFORE', 'AFTER'],
    changes.flatMap((change) => rowsOf(change, whole)),
  );
}

function rowsOf({ change, kind, id, name, fields = [] }: ObjectChange, whole: boolean): readonly (readonly string[])[] {
  const label = name === id && !whole ? id.replace(/^(sha256:)?([0-9a-f]{12})[0-9a-f]+$/, '$2') : name;
  if (fields.length === 0) return [[change, kind, label, '', '', '']];
  const text = (field: string, value: unknown): string => {
    if (typeof value !== 'string') return shorten(value === undefined ? '-' : JSON.stringify(value), whole);
    return shorten(field.endsWith('At') && NANOSECONDS.test(value) ? localTime(Number(BigInt(value) / 1_000_000n)) : value, whole);
  };
  return fields.map(({ field, before, after }) => [change, kind, label, field, text(field, before), text(field, after)]);
}

function shorten(text: string, whole: boolean): string {
  const shown = text === '' ? '""' : text;
  return whole || shown.length <= WIDTH ? shown : `${shown.slice(0, WIDTH - 1)}…`;
}
