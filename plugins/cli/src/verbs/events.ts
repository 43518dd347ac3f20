import type { DockerEvent } from '@shiplog/client';
import type { ShiplogEvent } from '@shiplog/contracts';
import { CliError, UsageError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { GONE, isGone } from '../explain.ts';
import { FILTER, parseFilters } from '../filters.ts';
import { actorText } from '../format/actor.ts';
import { localTime } from '../format/human-time.ts';
import { compileTemplate } from '../format/template.ts';
import { printAll } from '../print-all.ts';
import { unixTime } from '../unix-time.ts';
import { defineVerb, type Flags } from '../verb.ts';
import { printable } from '../format/printable.ts';

const OPTIONS = {
  since: { type: 'text', value: 'TIME', help: 'From a time or duration ago on (2h, yesterday, 2026-01-31), over restarts too' },
  until: { type: 'text', value: 'TIME', help: 'Up to a time or duration ago (now); ends there' },
  filter: FILTER,
  from: { type: 'text', value: 'MOMENT', help: "The log's own events from this position (or time) on" },
  to: { type: 'text', value: 'MOMENT', help: "The log's own events up to this position (or time)" },
  follow: { type: 'switch', help: 'With --from: go on with new events' },
  stream: { type: 'list', value: 'STREAM', help: 'With --from: only this stream, such as container/ID; a * at its end fits all' },
  type: { type: 'list', value: 'TYPE', help: 'With --from: only this type, such as container.create.*' },
  format: { type: 'text', value: 'FORMAT', help: 'json (an object a line), or a template such as {{.Action}}' },
} as const;

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: OPTIONS,
  details:
    "Without --from and --to these are events in Docker's words, and new ones until --until. With --from they are the log's own: every\nintent and outcome with its position, who asked, and what came of it.",
  examples: [
    { command: 'shiplog events --since 2h --until now', what: 'what happened in the last two hours' },
    { command: 'shiplog events --from 0 --format json', what: 'the whole log, for a program' },
    { command: "shiplog events --from 1200 --follow --type 'container.*'", what: 'go on where a program stopped reading' },
  ],
  async run(context, flags) {
    const native = flags.from !== undefined || flags.to !== undefined || flags.follow || flags.stream.length > 0 || flags.type.length > 0;
    if (native && (flags.since !== undefined || flags.until !== undefined || flags.filter.length > 0)) {
      throw new UsageError(
        '--since, --until and --filter do not go with --from, --to, --follow, --stream and --type',
        'a time can be given to --from and --to as well',
      );
    }
    return native ? logEvents(context, flags) : dockerEvents(context, flags);
  },
});

async function dockerEvents(context: Context, flags: Flags<typeof OPTIONS>): Promise<number> {
  const show = formatter<DockerEvent>(flags.format, (event) => dockerLine(context, event));
  const { docker } = await context.client();
  const events = await docker.events({
    ...(flags.since === undefined ? {} : { since: unixTime(context, flags.since, 'first') }),
    ...(flags.until === undefined ? {} : { until: unixTime(context, flags.until, 'last') }),
    filters: parseFilters(flags.filter),
  });
  await printAll(context, linesOf(events, show));
  return EXIT.ok;
}

async function logEvents(context: Context, flags: Flags<typeof OPTIONS>): Promise<number> {
  const show = formatter<ShiplogEvent>(flags.format, (event) => logLine(context, event));
  const { native } = await context.client();
  const events = await native.events({
    ...(flags.from === undefined ? {} : { from: flags.from }),
    ...(flags.to === undefined ? {} : { to: flags.to }),
    follow: flags.follow,
    stream: flags.stream,
    type: flags.type,
  });
  let last: number | undefined;
  const shown = linesOf(events, (event) => {
    last = event.seq;
    return show(event);
  });
  await printAll(context, shown).catch((error: unknown) => {
    if (last === undefined || !flags.follow || !isGone(error)) throw error;
    throw new CliError(GONE, { hint: `go on where it was with \`--from ${last + 1}\``, cause: error });
  });
  return EXIT.ok;
}

async function* linesOf<T>(events: AsyncIterable<T>, show: (event: T) => string): AsyncGenerator<string> {
  for await (const event of events) yield `${show(event)}\n`;
}

function formatter<T>(format: string | undefined, line: (event: T) => string): (event: T) => string {
  if (format === undefined) return line;
  return format === 'json' ? (event) => JSON.stringify(event) : compileTemplate(format);
}

/** `2026-01-31 10:00:00.123 container start web (image=busybox)`. */
function dockerLine({ colors }: Context, event: DockerEvent): string {
  const { name, ...others } = event.Actor.Attributes;
  const id = /^[0-9a-f]{64}$/.test(event.Actor.ID) ? event.Actor.ID.slice(0, 12) : printable(event.Actor.ID);
  const attributes = Object.entries(others).map(([key, value]) => printable(`${key}=${value}`));
  const who = name === undefined || name === event.Actor.ID ? id : `${printable(name)} ${colors.dim(id)}`;
  const more = attributes.length === 0 ? '' : ` ${colors.dim(`(${attributes.join(', ')})`)}`;
  return `${colors.dim(localTime(event.timeNano / 1e6))} ${event.Type} ${colors.bold(printable(event.Action))} ${who}${more}`;
}

/** `#12 2026-01-31 10:00:00.123 container.start.failed container/0123456789ab failed PORT_IN_USE: … by uid 0 pid 77`. */
function logLine({ colors }: Context, event: ShiplogEvent): string {
  const time = localTime(Number(BigInt(event.t) / 1_000_000n));
  const stream = printable(event.stream).replace(/([0-9a-f]{12})[0-9a-f]{52}$/, '$1');
  const parts = [colors.cyan(`#${event.seq}`), colors.dim(time), colors.bold(event.type), stream];
  if (event.result !== undefined) {
    const { status, ms, error } = event.result;
    parts.push(
      status === 'ok'
        ? colors.green(`ok in ${Math.round(ms)} ms`)
        : colors.red(error === undefined ? status : `${status} ${error.code}: ${printable(error.message)}`),
    );
  }
  return `${parts.join(' ')} ${colors.dim(`by ${printable(actorText(event.actor))}`)}`;
}
