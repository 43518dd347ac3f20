import type { AuditRecord } from '@shiplog/contracts';
import { csvLine } from '@shiplog/export';
import { UsageError } from '../cli-error.ts';
import { type Context, note } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { actorText } from '../format/actor.ts';
import { localTime } from '../format/human-time.ts';
import { printTable } from '../format/print-list.ts';
import { printAll } from '../print-all.ts';
import { userNames } from '../user-names.ts';
import { defineVerb, type Flags } from '../verb.ts';

const OPTIONS = {
  user: { type: 'list', value: 'NAME', help: "A user of this machine, or a certificate's subject (CN=alice) or address" },
  uid: { type: 'list', value: 'NUMBER', help: 'A user id; who logged in counts, and who asked' },
  subject: {
    type: 'list',
    value: 'PERSON',
    help: 'A person by the pseudonym in the log, erased ones too, or as uid:NUMBER, tls:SUBJECT or tcp:ADDRESS',
  },
  since: { type: 'text', value: 'MOMENT', help: 'From a time (yesterday, 12:00), duration ago (10m) or position on' },
  until: { type: 'text', value: 'MOMENT', help: 'Up to a time, duration ago or position' },
  verb: { type: 'list', value: 'VERB', help: 'Such as container.create, image.* or log.read' },
  object: {
    type: 'list',
    value: 'OBJECT',
    help: 'Such as container/ID, the first 12 digits of an id, or a name that it had; networks that were joined and tags that were given too',
  },
  status: {
    type: 'list',
    value: 'STATUS',
    help: 'ok, refused, failed, canceled, unknown or pending',
    complete: ['ok', 'refused', 'failed', 'canceled', 'unknown', 'pending'],
  },
  via: { type: 'list', value: 'WAY', help: "unix, tls, tcp, system, a route ('POST /containers*') or a user agent" },
  format: { type: 'text', value: 'FORMAT', help: 'table, json (an object a line) or csv', complete: ['table', 'json', 'csv'] },
} as const;

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: OPTIONS,
  details:
    'One row an act: its intent and its outcome together, refused and failed ones too, and reads of the log and of content (image.save,\ncontainer.logs), who was attached, logins; what nothing serves is request.refused. Options of one name are alternatives, different ones must all fit. Tables are in the order of\nasking, json and csv in that of the outcomes. Asking is itself recorded.',
  examples: [
    { command: 'shiplog audit --since yesterday --status refused --status failed', what: 'what did not work since yesterday' },
    { command: "shiplog audit --user alice --verb 'container.*'", what: 'what alice did to containers' },
    { command: 'shiplog audit --verb log.read --format json', what: 'who read the log' },
  ],
  async run(context, flags) {
    const { format = 'table' } = flags;
    if (!['table', 'json', 'csv'].includes(format)) throw new UsageError(`--format takes table, json or csv, not "${format}"`);
    const records = await ask(context, flags);
    if (format === 'json') await printAll(context, jsonLines(records));
    else if (format === 'csv') await printAll(context, csvLines(records));
    else await printRows(context, records, flags.uid.length > 0 || flags.user.length > 0);
    return EXIT.ok;
  },
});

async function ask(context: Context, flags: Flags<typeof OPTIONS>): Promise<AsyncIterable<AuditRecord>> {
  const names = await userNames();
  const uids = new Map([...names].map(([uid, name]) => [name, uid]));
  const uid = [...flags.uid, ...flags.user.flatMap((name) => uids.get(name) ?? [])].map(String);
  const user = flags.user.filter((name) => !uids.has(name));
  // Nobody is to take a misspelt name for somebody who did nothing.
  const unknown = user.find((name) => /^[\w-]+$/.test(name));
  if (unknown !== undefined)
    throw new UsageError(
      `there is no user "${unknown}" on this machine`,
      `give --uid NUMBER for one of another machine, or an attribute of a certificate: --user CN=${unknown}`,
    );
  const { subject, verb, object, status, via } = flags;
  const { native } = await context.client();
  return native.audit({
    ...(flags.since === undefined ? {} : { from: flags.since }),
    ...(flags.until === undefined ? {} : { to: flags.until }),
    uid,
    user,
    subject,
    verb,
    object,
    status,
    via,
  });
}

/** `named`: people were asked for. */
async function printRows(context: Context, records: AsyncIterable<AuditRecord>, named: boolean): Promise<void> {
  const names = await userNames();
  const rows: { readonly seq: number; readonly cells: readonly string[] }[] = [];
  for await (const record of records) {
    const { seq, time, actor, verb, status, error, via, read } = record;
    const cells = [
      localTime(Number(BigInt(time) / 1_000_000n)),
      actorText(actor, names),
      verb,
      read === undefined ? objectText(record) : readText(read),
      error === undefined ? status : `${status} ${error.code}`,
      via === undefined ? '' : `${via.method} ${via.route}`,
    ];
    rows.push({ seq, cells });
  }
  // They come as they ended; people read them as they were asked.
  const sorted = rows.toSorted((a, b) => a.seq - b.seq).map(({ cells }) => cells);
  printTable(context, ['TIME', 'WHO', 'VERB', 'OBJECT', 'OUTCOME', 'VIA'], sorted);
  if (rows.length > 0) return;
  note(context, 'nobody asked for anything that fits');
  if (named) note(context, 'who was erased is found by a pseudonym alone: --subject');
}

const COLUMNS = [
  'time',
  'seq',
  'verb',
  'object',
  'ref',
  'status',
  'error',
  'ms',
  'who',
  'strength',
  'method',
  'route',
  'agent',
  'target',
  'images',
  'removed',
  'path',
  'streams',
  'command',
] as const;

/** Characters of a command that a table shows. */
const WIDEST = 60;

/** What stands between an object and what else the client named. */
const LEADS: { readonly [verb: string]: string } = {
  'image.tag': 'as',
  'image.commit': 'as',
  'network.disconnect': 'from',
  'registry.login': 'as',
};

/** `container/0123456789ab (web) to network/back`, `container/0123456789ab (web) at /etc`, `container/0123456789ab (web) by stdin, stdout`, `container/0123456789ab (web): ls -l`. */
function objectText({ object, ref, verb, target, path, streams, command, images = [], removed = [] }: AuditRecord): string {
  const [image, ...more] = images;
  // What came in is of more interest than where it was asked for.
  if (object === 'engine' && image !== undefined) {
    const tags = image.tags.length === 0 ? '' : ` (${image.tags.join(', ')})`;
    return `${shortened(`image/${image.id}`)}${tags}${andMore(more)}`;
  }
  const [first, ...others] = removed;
  if (first !== undefined) return `${shortened(first)}${andMore(others)}`;
  const called = ref === undefined || object.includes(ref) ? '' : ` (${shortened(ref)})`;
  return `${shortened(object)}${called}${target === undefined ? '' : ` ${LEADS[verb] ?? 'to'} ${shortened(target)}`}${path === undefined ? '' : ` at ${path}`}${streams === undefined ? '' : ` by ${streams.join(', ')}`}${command === undefined ? '' : `: ${abridged(command.join(' '))}`}`;
}

function andMore({ length }: readonly unknown[]): string {
  return length === 0 ? '' : ` and ${length} more`;
}

/** One line that does not push the others out of sight. */
function abridged(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= WIDEST ? line : `${line.slice(0, WIDEST - 1)}…`;
}

function shortened(text: string): string {
  return text.replace(/([0-9a-f]{12})[0-9a-f]{52}$/, '$1');
}

/** `log 0 to 52 (type container.*)`. */
function readText({ from, to, follow, filters = {} }: NonNullable<AuditRecord['read']>): string {
  const range = to === from ? `${from}` : `${from} to ${to ?? (follow ? 'ever' : 'end')}`;
  const asked = Object.entries(filters).map(([name, values]) => [name, ...values].join(' '));
  return `log ${range}${asked.length === 0 ? '' : ` (${asked.join(', ')})`}`;
}

async function* jsonLines(records: AsyncIterable<AuditRecord>): AsyncGenerator<string> {
  for await (const record of records) yield `${JSON.stringify(record)}\n`;
}

async function* csvLines(records: AsyncIterable<AuditRecord>): AsyncGenerator<string> {
  yield csvLine(COLUMNS);
  for await (const record of records) {
    const { time, seq, verb, object, ref, status, error, ms, actor, strength, via, target, images, removed, path, streams, command } =
      record;
    const came = images?.map(({ id, tags }) => [id, ...tags].join(' ')).join('; ');
    const at = new Date(Number(BigInt(time) / 1_000_000n)).toISOString();
    yield csvLine([
      at,
      seq,
      verb,
      object,
      ref,
      status,
      error?.code,
      ms,
      actorText(actor),
      strength,
      via?.method,
      via?.route,
      via?.agent,
      target,
      came,
      removed?.join('; '),
      path,
      streams?.join(' '),
      command?.join(' '),
    ]);
  }
}
