import type { Progress } from '../progress.ts';
import { ShiplogError } from '../errors.ts';
import type { Json } from '../json.ts';

/** What every verb receives beside its arguments. */
export interface OperationContext {
  /** The operation id in the log: names effects, and is the idempotency key of this call. */
  readonly op: string;
  /** Aborts on deadline, cancellation and engine shutdown. */
  readonly signal: AbortSignal;
  /**
   * Does `run` once for this operation, call and `name`, and records what it answers in the log, durably, before it resolves.
   * When the same call is made again (the driver's process died, the engine came back), a step that is recorded is not
   * done again: its recorded answer is given.
   *
   * A crash between the effect and its record is the one window that is left, so the body must be repeatable. Records do not
   * outlive a reboot. Names are unique within a call; answers are at most 16 KiB of JSON and never hold secrets. Throws
   * what `run` throws, and CANCELED or DEADLINE_EXCEEDED instead of beginning after the signal has aborted.
   */
  step<T extends Json | void>(name: string, run: () => Promise<T> | T): Promise<T>;
  /** Tells people how far it is; never recorded. */
  progress(progress: Progress): void;
}

/** Where the steps of one call are recorded. */
export interface StepJournal {
  /** The record of a step that was done before; undefined if it was not. */
  find(step: string): Promise<{ readonly value?: Json } | undefined>;
  /** Durable when it resolves. */
  record(step: string, value: Json | undefined): Promise<void>;
}

/** What a context is made of. Without a journal, steps are done and not remembered. */
export interface ContextParts {
  readonly op: string;
  readonly signal: AbortSignal;
  readonly journal?: StepJournal;
  readonly progress?: (progress: Progress) => void;
}

/** Bytes of JSON that a step may answer. */
const STEP_LIMIT = 16 * 1024;

/** Makes the context of one call. */
export function createContext({ op, signal, journal, progress }: ContextParts): OperationContext {
  return {
    op,
    signal,
    async step<T extends Json | void>(name: string, run: () => Promise<T> | T): Promise<T> {
      if (signal.aborted) {
        if (signal.reason instanceof ShiplogError) throw signal.reason;
        throw new ShiplogError('CANCELED', `canceled before step ${name}`, { op, step: name }, { cause: signal.reason });
      }
      const done = await journal?.find(name);
      // What was recorded under this name is what `run` answered then.
      if (done !== undefined) return done.value as T;
      const value = await run();
      const size = value === undefined ? 0 : JSON.stringify(value).length;
      if (size > STEP_LIMIT)
        throw new ShiplogError(
          'DRIVER_FAILED',
          `step ${name} answers ${size} bytes of JSON; the log takes ${STEP_LIMIT}: keep it elsewhere`,
          {
            op,
            step: name,
          },
        );
      await journal?.record(name, value as Json | undefined);
      return value;
    },
    progress: (told) => progress?.(told),
  };
}
