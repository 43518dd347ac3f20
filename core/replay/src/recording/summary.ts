import type { ResultStatus, ShiplogEvent } from '@shiplog/contracts';

/** How operations of one verb went. Times are milliseconds from intent to outcome, of those that were not refused and not cut off. */
export interface VerbSummary {
  readonly verb: string;
  readonly count: number;
  readonly ok: number;
  readonly refused: number;
  /** Failed, canceled or unknown. */
  readonly failed: number;
  /** Without an outcome. */
  readonly open: number;
  /** Absent where there is no time to speak of. */
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  /** All of them together. */
  readonly totalMs: number;
}

interface Tally {
  count: number;
  readonly ends: Map<ResultStatus, number>;
  readonly times: number[];
}

/** Counts operations and their times, verb by verb. */
export class Summary {
  readonly #verbs = new Map<string, Tally>();

  /** `cutOff`: the engine died in it, and nobody knows how long it took until then; its outcome tells how long its recovery took. */
  add(event: ShiplogEvent, { cutOff }: { readonly cutOff: boolean }): void {
    if (event.kind === 'intent') this.#tally(event.type.replace(/\.requested$/, '')).count += 1;
    else if (event.kind === 'outcome' && event.result !== undefined) {
      const { ends, times } = this.#tally(event.type.replace(/\.(succeeded|failed)$/, ''));
      const { status, ms } = event.result;
      ends.set(status, (ends.get(status) ?? 0) + 1);
      if (status !== 'refused' && !cutOff) times.push(ms);
    }
  }

  #tally(verb: string): Tally {
    const tally = this.#verbs.get(verb) ?? { count: 0, ends: new Map(), times: [] };
    this.#verbs.set(verb, tally);
    return tally;
  }

  /** By verb, in the order of the alphabet. */
  verbs(): readonly VerbSummary[] {
    return [...this.#verbs]
      .map(([verb, { count, ends, times }]) => {
        const sorted = times.toSorted((a, b) => a - b);
        const of = (status: ResultStatus): number => ends.get(status) ?? 0;
        const failed = of('failed') + of('canceled') + of('unknown');
        return {
          verb,
          count,
          ok: of('ok'),
          refused: of('refused'),
          failed,
          open: count - of('ok') - of('refused') - failed,
          totalMs: times.reduce((sum, ms) => sum + ms, 0),
          ...(sorted.length === 0 ? {} : { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), p99: quantile(sorted, 0.99) }),
        };
      })
      .toSorted((a, b) => (a.verb < b.verb ? -1 : 1));
  }
}

/** Of sorted samples, the smallest that is at least as large as `share` of them. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
