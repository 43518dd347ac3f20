/** What a series of timings says, in milliseconds. */
export interface Series {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Median and the middle 80 %. */
export function summarize(samples: readonly number[]): Series {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { median: at(0.5), low: at(0.1), high: at(0.9), count: sorted.length };
}

/** Runs every contender once a round, in turn, so that noise hits all alike. The first round warms up and does not count. */
export async function interleave(
  rounds: number,
  contenders: { readonly [name: string]: () => Promise<number> },
): Promise<{ readonly [name: string]: Series }> {
  const samples: Record<string, number[]> = {};
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, sample] of Object.entries(contenders)) {
      const ms = await sample();
      if (round >= 0) (samples[name] ??= []).push(ms);
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, summarize(all)]));
}
