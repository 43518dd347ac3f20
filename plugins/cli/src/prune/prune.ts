import type { DockerClient, Filters, PruneAnswer } from '@shiplog/client';
import { UsageError } from '../cli-error.ts';
import { type Context, note, print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { EXIT } from '../exit-codes.ts';
import { parseFilters } from '../filters.ts';
import { printDocuments } from '../format/print-documents.ts';
import { unixTime } from '../unix-time.ts';
import { defineOptions, type Flags } from '../verb.ts';
import { confirm } from './confirm.ts';
import { prunedLines } from './pruned-lines.ts';

/** Options that every prune has. */
export const PRUNE_OPTIONS = defineOptions({
  filter: { type: 'list', value: 'KEY=VALUE', help: 'Only what fits all: label=app, label=app=web, label!=keep' },
  force: { type: 'switch', short: 'f', help: 'Ask no question' },
  format: { type: 'text', value: 'FORMAT', help: 'json (one object), or a template of it' },
});

/** The same for what has a time at which it was made. */
export const DATED_PRUNE_OPTIONS = defineOptions({
  ...PRUNE_OPTIONS,
  filter: { ...PRUNE_OPTIONS.filter, help: 'Only what fits all: until=24h (made before), label=app, label=app=web, label!=keep' },
});

/** What of one kind goes, in words, and how the engine is asked for it. */
export interface Pruning {
  readonly kind: 'containers' | 'networks' | 'volumes' | 'images';
  readonly what: string;
  prune(docker: DockerClient, filters: Filters): Promise<PruneAnswer>;
}

/**
 * Removes what is not used, kind by kind, once somebody said yes. A kind that fails keeps none of the others from going, and what went is told in any case. Resolves with
 * the exit code; throws UsageError where there is nobody to ask.
 */
export async function prune(
  context: Context,
  verb: string,
  { filter, force, format }: Flags<typeof PRUNE_OPTIONS>,
  prunings: readonly Pruning[],
): Promise<number> {
  const filters = filtersOf(context, filter);
  if (!force && !(await allowed(context, verb, prunings, filter))) {
    note(context, 'Nothing was removed.');
    return EXIT.failed;
  }
  const { docker } = await context.client();
  const answers: PruneAnswer[] = [];
  const byKind = new Map<string, Pruning>(prunings.map((pruning) => [pruning.kind, pruning]));
  const code = await eachOf(context, verb, [...byKind.keys()], async (kind) => {
    const pruning = byKind.get(kind);
    if (pruning !== undefined) answers.push(await pruning.prune(docker, filters));
  });
  if (answers.length === 0) return code;
  if (format !== undefined) printDocuments(context, [together(answers)], format);
  else for (const line of prunedLines(together(answers))) print(context, line);
  return code;
}

/** Filters as the engine takes them: it knows fewer ways to write a time. */
function filtersOf(context: Context, texts: readonly string[]): Filters {
  const { until, ...filters } = parseFilters(texts);
  return until === undefined ? filters : { ...filters, until: until.map((text) => unixTime(context, text, 'first')) };
}

async function allowed(context: Context, verb: string, prunings: readonly Pruning[], filter: readonly string[]): Promise<boolean> {
  if (context.stdin.isTTY !== true) throw new UsageError(`${verb} removes for good, and there is no terminal to ask on`, 'say --force');
  note(context, 'This removes for good:');
  for (const { what } of prunings) note(context, `  - ${what}`);
  if (filter.length > 0) note(context, `and of these only what fits ${filter.join(' and ')}.`);
  return confirm(context, 'Go on?');
}

/** Answers as one. A list that is null is empty. */
function together(answers: readonly PruneAnswer[]): PruneAnswer {
  const fields = answers.flatMap((answer) => Object.entries(answer)).map(([field, value]) => [field, value ?? []] as const);
  const sizes = answers.flatMap(({ SpaceReclaimed }) => SpaceReclaimed ?? []);
  return {
    ...(Object.fromEntries(fields) as PruneAnswer),
    ...(sizes.length === 0 ? {} : { SpaceReclaimed: sizes.reduce((sum, bytes) => sum + bytes, 0) }),
  };
}
