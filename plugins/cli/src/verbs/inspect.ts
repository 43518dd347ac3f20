import { ApiError, type Client, type InspectedObject, type ObjectKind } from '@shiplog/client';
import { AT, refuseSizesAt } from '../at.ts';
import { UsageError } from '../cli-error.ts';
import { type Context, note } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { printDocuments } from '../format/print-documents.ts';
import { localTime } from '../format/human-time.ts';
import { defineVerb } from '../verb.ts';

const KINDS: readonly ObjectKind[] = ['container', 'image', 'network', 'volume'];

export default defineVerb({
  usage: '[OPTIONS] NAME [NAME...]',
  args: [1, Infinity],
  complete: 'container',
  options: {
    at: AT,
    record: { type: 'switch', help: "The log's own record, with `kind`, `atSeq` and, of what is gone, `removedAt`" },
    type: { type: 'text', value: 'KIND', help: 'container, image, network or volume', complete: KINDS },
    format: { type: 'text', short: 'f', value: 'FORMAT', help: 'json (an object a line), or a template such as {{.State.Status}}' },
    size: { type: 'switch', short: 's', help: "Show a container's sizes" },
  },
  details:
    "In Docker's words, now, with --at as it was at a moment, and for what is gone as it last was; so one can be compared with another. With\n--record it is what the log says instead, which is the same everywhere: `shiplog diff` compares those.",
  examples: [
    { command: "shiplog inspect -f '{{.State.Status}}' web", what: 'one fact about what is there' },
    { command: 'shiplog inspect web --at 2h', what: 'whoever was called web two hours ago' },
    { command: 'shiplog inspect --record web --at 12:00', what: 'what the log has of it' },
    { command: 'shiplog inspect job', what: 'a container that removed itself: how did it end?' },
  ],
  async run(context, flags, args) {
    const kinds = kindsOf(flags.type);
    refuseSizesAt(flags);
    const client = await context.client();
    const documents: unknown[] = [];
    const code = await eachOf(context, 'inspect', args, async (name) => {
      const kind = flags.type === undefined ? 'any' : (kinds[0] ?? 'any');
      const there = flags.record ? undefined : await existing(client, kinds, name, flags);
      if (there !== undefined) return void documents.push(there);
      const answer = await client.native.inspect(kind, name, flags.at);
      tellGone(context, name, answer);
      documents.push(flags.record ? record(answer) : await existing(client, [answer.kind], idOf(answer), { at: String(answer.seq) }));
    });
    if (documents.length > 0 || flags.format === undefined) printDocuments(context, documents, flags.format);
    return code;
  },
});

function kindsOf(type: string | undefined): readonly ObjectKind[] {
  if (type === undefined) return KINDS;
  const kind = KINDS.find((known) => known === type);
  if (kind === undefined) throw new UsageError(`--type takes ${KINDS.join(', ')}, not "${type}"`);
  return [kind];
}

/** The first kind that has it, as Docker's routes tell it; undefined when none has. */
async function existing(
  { docker }: Client,
  kinds: readonly ObjectKind[],
  name: string,
  { at, size = false }: { readonly at: string | undefined; readonly size?: boolean },
): Promise<unknown> {
  const read: { readonly [K in ObjectKind]: () => Promise<unknown> } = {
    container: () => docker.inspectContainer(name, { ...(size && { size }), at }),
    image: () => docker.inspectImage(name, at),
    network: () => docker.inspectNetwork(name, at),
    volume: () => docker.inspectVolume(name, at),
  };
  for (const kind of kinds) {
    try {
      return await read[kind]();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404 || error.code === 'LOG_POSITION_UNKNOWN') throw error;
    }
  }
  return undefined;
}

function tellGone(context: Context, name: string, { removedAt }: InspectedObject): void {
  if (removedAt === undefined) return;
  const when = localTime(Number(BigInt(removedAt.time) / 1_000_000n));
  note(context, `${name} is gone since ${when} (event ${removedAt.seq}); this is its last state`);
}

function idOf({ record: facts }: InspectedObject): string {
  return 'id' in facts ? facts.id : facts.name;
}

function record({ kind, seq, removedAt, record: facts }: InspectedObject): unknown {
  return { kind, atSeq: seq, ...(removedAt === undefined ? {} : { removedAt }), ...facts };
}
