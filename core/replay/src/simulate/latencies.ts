import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { DriverCall } from '@shiplog/sim-host';
import type { RecordedOutcome, Recording } from '../recording/recording.ts';
import { stepOf } from '../recording/step-times.ts';
import type { WhatIf } from './what-if.ts';

/**
 * How long each call of a driver takes. A call of a recorded operation takes as long as it took then; so two simulations differ
 * only in what is asked to differ. What has no record, or all with `resample`, is drawn from the times the log has of that step.
 */
export class Latencies {
  readonly #recording: Recording;
  readonly #whatIf: WhatIf;
  readonly #resample: boolean;
  readonly #random: () => number;
  /** Times of an operation's steps that are yet to be used. */
  readonly #own = new Map<string, Map<string, number[]>>();

  constructor(recording: Recording, whatIf: WhatIf, options: { readonly seed: number; readonly resample: boolean }) {
    this.#recording = recording;
    this.#whatIf = whatIf;
    this.#resample = options.resample;
    const generator = xoroshiro128plus(options.seed);
    this.#random = () => uniformFloat64(generator);
  }

  /** Milliseconds of one call. `milestone` names its operation, where it has one. */
  of(call: DriverCall, milestone: string | undefined): number {
    const step = stepOfCall(call);
    const given = this.#whatIf.latencies.get(step);
    if (given !== undefined && 'from' in given) return given.from + (given.to - given.from) * this.#random();
    const other = this.#whatIf.drivers.get(call.kind);
    // Networks choose their drivers one by one: a factor is for that driver alone.
    const applies = other !== undefined && (call.kind !== 'network' || call.driver === other.name);
    const ms = applies && other.times === undefined ? this.#draw(step, other.name) : this.#recorded(step, milestone);
    return ms * (given?.times ?? 1) * (applies ? (other.times ?? 1) : 1);
  }

  #recorded(step: string, milestone: string | undefined): number {
    const outcome = milestone === undefined || this.#resample ? undefined : this.#recording.outcomes.get(milestone);
    if (milestone === undefined || outcome === undefined) return this.#draw(step);
    const own = this.#own.get(milestone) ?? timesOf(outcome);
    this.#own.set(milestone, own);
    return own.get(step)?.shift() ?? this.#draw(step);
  }

  #draw(step: string, driver?: string): number {
    const samples = this.#recording.times.of(step, driver);
    return samples[Math.floor(this.#random() * samples.length)] ?? 0;
  }
}

/** The step as which an operation journals a call. */
export function stepOfCall({ kind, verb }: DriverCall): string {
  return kind === 'image-store' && (verb === 'load' || verb === 'import' || verb === 'pull') ? 'image-store.ingest' : `${kind}.${verb}`;
}

function timesOf({ steps }: RecordedOutcome): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const [label, ms] of Object.entries(steps)) {
    const step = stepOf(label);
    times.set(step, [...(times.get(step) ?? []), ms]);
  }
  return times;
}
