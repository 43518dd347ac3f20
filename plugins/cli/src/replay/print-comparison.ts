import type { End, OtherEnd, VerbSummary } from '@shiplog/replay';
import { type Context, print } from '../context.ts';
import { printTable } from '../format/print-list.ts';

/** One side of a comparison: what it is called, how its verbs went, and how long all of it took. */
export interface Side {
  readonly name: string;
  readonly verbs: readonly VerbSummary[];
  readonly spanMs: number;
}

/** Other ends that are told one by one; the rest is counted. */
const SHOWN = 20;

/** Prints verbs side by side, and what all of it took. */
export function printComparison(context: Context, sides: readonly [Side, Side]): void {
  const [one, two] = sides;
  const verbs = [...new Set(sides.flatMap((side) => side.verbs.map(({ verb }) => verb)))].toSorted();
  const titles = ['VERB', 'SIDE', 'COUNT', 'OK', 'REFUSED', 'FAILED', 'P50', 'P95', 'P50 RATIO'];
  const rows = verbs.flatMap((verb) =>
    sides.map((side, index) => {
      const found = side.verbs.find((summary) => summary.verb === verb);
      const base = one.verbs.find((summary) => summary.verb === verb)?.p50;
      return [
        index === 0 ? verb : '',
        side.name,
        ...[found?.count, found?.ok, found?.refused, found === undefined ? undefined : found.failed + found.open].map((count) =>
          String(count ?? 0),
        ),
        milliseconds(found?.p50),
        milliseconds(found?.p95),
        index === 0 ? '' : ratio(found?.p50, base),
      ];
    }),
  );
  printTable(context, titles, rows);
  print(
    context,
    `from first to last event: ${one.name} ${seconds(one.spanMs)}, ${two.name} ${seconds(two.spanMs)} (× ${(two.spanMs / one.spanMs).toFixed(2)})`,
  );
}

/** Prints what came to another end. */
export function printOthers(context: Context, others: readonly OtherEnd[], than: string): void {
  if (others.length === 0) {
    print(context, context.colors.green(`every command ended as ${than}`));
    return;
  }
  print(context, context.colors.red(`${others.length} ended otherwise than ${than}:`));
  for (const { seq, verb, stream, recorded, now } of others.slice(0, SHOWN)) {
    const about = stream.replace(/([0-9a-f]{12})[0-9a-f]{52}$/, '$1');
    print(
      context,
      `${seq === undefined ? '' : context.colors.cyan(`#${seq} `)}${verb} ${about}: ${endText(recorded)}, now ${endText(now)}`,
    );
  }
  if (others.length > SHOWN) print(context, `and ${others.length - SHOWN} more; --format json has them all`);
}

function endText({ status, code }: End): string {
  return code === undefined ? status : `${status} ${code}`;
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${ms.toFixed(1)} ms`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function ratio(now: number | undefined, base: number | undefined): string {
  return now === undefined || base === undefined || base === 0 ? '–' : `× ${(now / base).toFixed(2)}`;
}
