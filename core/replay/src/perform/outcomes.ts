import type { ErrorCode, ResultStatus, ShiplogEvent } from '@shiplog/contracts';
import { Milestones } from '../recording/milestones.ts';
import type { Recording } from '../recording/recording.ts';

/** How an operation ended: its status, and why if it did not succeed. */
export interface End {
  readonly status: ResultStatus | 'none';
  readonly code?: ErrorCode;
}

/** An operation that came to another end than recorded. */
export interface OtherEnd {
  /** Position of the command in the recorded log; absent for what the engine does by itself. */
  readonly seq?: number;
  readonly verb: string;
  readonly stream: string;
  readonly recorded: End;
  readonly now: End;
}

/** Compares ends with those recorded, while another log is written. */
export class Ends {
  readonly milestones = new Milestones();
  readonly #recording: Recording;
  readonly #seqs: ReadonlyMap<string, number>;
  readonly #verbs = new Map<string, { readonly verb: string; readonly stream: string }>();
  readonly #others: OtherEnd[] = [];
  readonly #seen = new Map<string, End>();

  constructor(recording: Recording) {
    this.#recording = recording;
    this.#seqs = new Map(recording.commands.map(({ op, seq }) => [`op ${op}`, seq]));
  }

  /** Takes the next event of the new log. Answers the milestone that is reached with it. */
  add(event: ShiplogEvent): string | undefined {
    const reached = this.milestones.add(event);
    if (event.kind === 'intent') this.#verbs.set(event.op, { verb: event.type.replace(/\.requested$/, ''), stream: event.stream });
    if (event.kind === 'outcome' && reached !== undefined) this.#compare(event, reached);
    return reached;
  }

  /** Whether an event is of an operation in which the engine died, in the recording. */
  wasCutOff({ op }: ShiplogEvent): boolean {
    return this.#recording.outcomes.get(this.milestones.of(op) ?? '')?.cutOff === true;
  }

  #compare(event: ShiplogEvent, milestone: string): void {
    const named = this.#verbs.get(event.op);
    this.#verbs.delete(event.op);
    const before = this.#recording.outcomes.get(milestone);
    const now = endOf(event.result?.status ?? 'unknown', event.result?.error?.code);
    this.#seen.set(milestone, now);
    // Only a command from outside was certainly asked in both.
    if (named === undefined || (before === undefined && !this.#seqs.has(milestone))) return;
    const recorded = before === undefined ? NONE : endOf(before.status, before.error?.code);
    if (same(recorded, now)) return;
    const seq = this.#seqs.get(milestone);
    this.#others.push({ ...(seq === undefined ? {} : { seq }), ...named, recorded, now });
  }

  /** How commands from outside ended, by their positions in the recorded log. */
  bySeq(): ReadonlyMap<number, End> {
    const ends = [...this.#seqs].map(([milestone, seq]) => [seq, this.#seen.get(milestone) ?? NONE] as const);
    return new Map(ends);
  }

  /** All other ends, in order; those at last that did not come at all. */
  others(): readonly OtherEnd[] {
    const missing = this.#recording.commands.flatMap(({ op, seq, verb }): OtherEnd[] => {
      const before = this.#recording.outcomes.get(`op ${op}`);
      if (this.#seen.has(`op ${op}`) || before === undefined) return [];
      return [{ seq, verb, stream: '', recorded: endOf(before.status, before.error?.code), now: NONE }];
    });
    return [...this.#others, ...missing];
  }
}

/** What was cut off and taken back was recorded as a failure by recovery; whether it was canceled or failed is one. */
function same(recorded: End, now: End): boolean {
  if (recorded.status === 'unknown') return true;
  const failed = (status: End['status']): boolean => status === 'failed' || status === 'canceled';
  return recorded.code === now.code && (recorded.status === now.status || (failed(recorded.status) && failed(now.status)));
}

const NONE: End = { status: 'none' };

function endOf(status: ResultStatus, code: ErrorCode | undefined): End {
  return code === undefined ? { status } : { status, code };
}
