import type { End, OtherEnd, VerbSummary } from '@shiplog/replay';
import { type Context, print } from '../context.ts';
import { formatBytes } from '../format/bytes.ts';
import { printTable } from '../format/print-list.ts';

/** One side of a comparison: what it is called, how its verbs went, how long all of it took, and what it took of the disk. */
export interface Side {
  readonly name: string;
  readonly verbs: readonly VerbSummary[];
  readonly spanMs: number;
  /** Bytes; absent where nothing was written. */
  readonly diskBytes?: number;
}

/** Other ends that are told one by one; the rest is counted. */
const SHOWN = 20;

/** Prints verbs side by side, and what all of it took. Ratios are to the first side. */
export function printComparison(context: Context, sides: readonly Side[]): void {
  const verbs = [...new Set(sides.flatMap((side) => side.verbs.map(({ verb }) => verb)))].toSorted();
  const disk = sides.some(({ diskBytes }) => diskBytes !== undefined);
  const titles = ['VERB', 'SIDE', 'COUNT', 'OK', 'REFUSED', 'FAILED', 'P50', 'P99', 'TOTAL', 'RATIO', ...(disk ? ['DISK'] : [])];
  const rows = verbs.flatMap((verb) =>
    sides.map((side, index) => {
      const summary = of(side, verb);
      return [
        index === 0 ? verb : '',
        side.name,
        ...counts(summary === undefined ? [] : [summary]),
        milliseconds(summary?.p50),
        milliseconds(summary?.p99),
        milliseconds(summary?.p50 === undefined ? undefined : summary.totalMs),
        index === 0 ? '' : ratio(summary?.p50, of(sides[0], verb)?.p50),
      ];
    }),
  );
  const all = sides.map((side, index) => [
    index === 0 ? 'first to last' : '',
    side.name,
    ...counts(side.verbs),
    '',
    '',
    seconds(side.spanMs),
    index === 0 ? '' : ratio(side.spanMs, sides[0]?.spanMs),
    side.diskBytes === undefined ? '' : formatBytes(side.diskBytes),
  ]);
  printTable(context, titles, [...rows, ...all]);
}

function of(side: Side | undefined, verb: string): VerbSummary | undefined {
  return side?.verbs.find((summary) => summary.verb === verb);
}

/** How many operations there were, and how they ended. */
function counts(verbs: readonly VerbSummary[]): readonly string[] {
  const sum = (count: (summary: VerbSummary) => number): string => String(verbs.reduce((total, one) => total + count(one), 0));
  return [sum(({ count }) => count), sum(({ ok }) => ok), sum(({ refused }) => refused), sum(({ failed, open }) => failed + open)];
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
      `${seq === undefined ? '' : `${context.colors.cyan(placeText(seq))} `}${verb} ${about}: ${endText(recorded)}, now ${endText(now)}`,
    );
  }
  if (others.length > SHOWN) print(context, `and ${others.length - SHOWN} more; --format json has them all`);
}

/** `#12`; what made what was there at the beginning has no position. */
export function placeText(seq: number): string {
  return seq < 0 ? 'to begin with:' : `#${seq}`;
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
