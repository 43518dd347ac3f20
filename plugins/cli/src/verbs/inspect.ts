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
    type: { type: 'text', value: 'KIND', help: 'container, image, network or volume', complete: KINDS },
    format: { type: 'text', short: 'f', value: 'FORMAT', help: 'json (an object a line), or a template such as {{.State.Status}}' },
    size: { type: 'switch', short: 's', help: "Show a container's sizes" },
  },
  details:
    "Objects that exist are shown in Docker's words. With --at, and for what was removed, it is the log's record at that moment, with\n`kind`, `atSeq` and, where it is gone, `removedAt`.",
  examples: [
    { command: "shiplog inspect -f '{{.State.Status}}' web", what: 'one fact about what is there' },
    { command: 'shiplog inspect web --at 2h', what: 'whoever was called web two hours ago' },
    { command: 'shiplog inspect job', what: 'a container that removed itself: how did it end?' },
  ],
  async run(context, flags, args) {
    const kinds = kindsOf(flags.type);
    refuseSizesAt(flags);
    const client = await context.client();
    const documents: unknown[] = [];
    const code = await eachOf(context, 'inspect', args, async (name) => {
      const kind = flags.type === undefined ? 'any' : (kinds[0] ?? 'any');
      documents.push(
        flags.at === undefined
          ? ((await existing(client, kinds, name, flags.size)) ?? removed(context, name, await client.native.inspect(kind, name)))
          : record(await client.native.inspect(kind, name, flags.at)),
      );
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
async function existing({ docker }: Client, kinds: readonly ObjectKind[], name: string, size: boolean): Promise<unknown> {
  const read: { readonly [K in ObjectKind]: () => Promise<unknown> } = {
    container: () => docker.inspectContainer(name, { size }),
    image: () => docker.inspectImage(name),
    network: () => docker.inspectNetwork(name),
    volume: () => docker.inspectVolume(name),
  };
  for (const kind of kinds) {
    try {
      return await read[kind]();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }
  return undefined;
}

function removed(context: Context, name: string, answer: InspectedObject): unknown {
  if (answer.removedAt !== undefined) {
    const when = localTime(Number(BigInt(answer.removedAt.time) / 1_000_000n));
    note(context, `${name} is gone since ${when} (event ${answer.removedAt.seq}); this is its last state`);
  }
  return record(answer);
}

function record({ kind, seq, removedAt, record: facts }: InspectedObject): unknown {
  return { kind, atSeq: seq, ...(removedAt === undefined ? {} : { removedAt }), ...facts };
}
