import { hash } from 'node:crypto';
import {
  type Caller,
  type CommandAnswers,
  type CommandArgs,
  createContext,
  type CommandStreams,
  type CommandType,
  type EventOf,
  type NewEvent,
  type OperationContext,
  type SecretRef,
  ShiplogError,
  type Stamp,
  type StepJournal,
  VERB_TABLES,
  type VerbKind,
  type DriverFamilies,
} from '@shiplog/contracts';
import { ENDING_MS } from '../base.ts';
import type { EngineCore } from '../core.ts';
import { system } from '../system.ts';
import { withValues } from '../secrets/secrets.ts';
import type { Turn } from './turns.ts';

type VerbArgs<K extends VerbKind, V extends keyof DriverFamilies[K]> =
  NonNullable<DriverFamilies[K][V]> extends (args: infer A, ctx: OperationContext) => unknown ? A : never;
type VerbAnswer<K extends VerbKind, V extends keyof DriverFamilies[K]> =
  NonNullable<DriverFamilies[K][V]> extends (...args: never[]) => Promise<infer R> ? R : never;

/** Carries out a command: see Engine.execute. */
export type Execute = <T extends CommandType>(
  type: T,
  args: CommandArgs[T],
  caller: Caller,
  streams?: CommandStreams,
) => Promise<CommandAnswers[T]>;

/**
 * One operation under way: it calls drivers step by step, journals each by name, and knows how to take them back.
 *
 * A step's record need not be durable before the next step: every effect is named after its container or operation, so
 * recovery finds it whether or not the record made it to disk.
 */
export class Operation<T extends CommandType = CommandType> {
  readonly ctx: OperationContext;
  readonly stepTimes: Record<string, number> = {};
  failedStep: string | undefined;
  /** Position of its outcome, once that is admitted. */
  outcome: number | undefined;
  /** Secrets that drivers were handed; errors must not say them. */
  readonly secrets: string[] = [];
  readonly #undo: { readonly step: string; readonly run: () => Promise<unknown> }[] = [];

  constructor(
    readonly engine: EngineCore,
    readonly intent: EventOf<`${T}.requested`>,
    readonly verb: T,
    readonly caller: Caller,
    readonly streams: CommandStreams,
    /** With layers and blobs, which others share: it is taken before any is made or taken away, and ends with the operation. */
    readonly layers: Turn,
    /** Also while the engine is stopping. */
    private readonly carryOut: Execute,
  ) {
    this.ctx = createContext(this.#context());
  }

  /**
   * Calls a driver verb as a journaled step. If the verb has an undo, {@link Operation.undo} will call it with `undoArgs`,
   * or with the same arguments; not if it is `lasting`, because others rely on the effect too, and not `unless` they do by then. A `givingBack` goes on when the caller went away.
   */
  async step<K extends VerbKind, V extends string & keyof DriverFamilies[K]>(
    kind: K,
    name: string,
    verb: V,
    args: VerbArgs<K, V>,
    options: {
      readonly undoArgs?: unknown;
      readonly lasting?: boolean;
      /** Asked when it would be taken back: whether others need it by then. */
      readonly unless?: () => Promise<boolean>;
      readonly givingBack?: boolean;
      /** Ends it too. */
      readonly signal?: AbortSignal;
      readonly label?: string;
      /** Arguments that are secret: nothing that the log has depends on them. */
      readonly secretArgs?: Partial<VerbArgs<K, V>>;
      /** Nobody is told how far it is. */
      readonly quiet?: boolean;
      readonly facts?: (answer: VerbAnswer<K, V>) => { readonly [fact: string]: string | number | boolean };
    } = {},
  ): Promise<VerbAnswer<K, V>> {
    const step = options.label ?? `${kind}.${verb}`;
    const table: { readonly [verb: string]: { readonly undo?: string } } = VERB_TABLES[kind];
    const undo = table[verb]?.undo;
    // Before the call, not after: a verb that fails halfway is taken back too.
    if (undo !== undefined && options.lasting !== true) {
      this.#undo.push({
        step: `${kind}.${undo}`,
        run: async () => {
          if (await options.unless?.()) return undefined;
          const undoArgs = options.undoArgs ?? args;
          const journal = this.#journalOf(`undo ${step}`, undoArgs);
          return this.engine.call(kind, name, undo, undoArgs, { op: this.intent.op, signal: new AbortController().signal, journal });
        },
      });
    }
    return this.timed(step, async () => {
      const journal = this.#journalOf(step, args);
      const { progress, ...context } = this.#context();
      const until = options.signal === undefined ? context.signal : AbortSignal.any([context.signal, options.signal]);
      const signal = options.givingBack === true ? new AbortController().signal : until;
      const heard = options.quiet === true || progress === undefined ? {} : { progress };
      const all = options.secretArgs === undefined ? args : { ...(args as object), ...(options.secretArgs as object) };
      const ctx = { ...context, ...heard, signal, journal };
      const answer = (await this.engine.call(kind, name, verb, all, ctx, { endingMs: ENDING_MS })) as VerbAnswer<K, V>;
      this.journal(step, options.facts?.(answer));
      return answer;
    });
  }

  /** Runs something that is not a driver verb as a journaled step, with its own way back. */
  async act<R>(
    step: string,
    run: () => Promise<R>,
    undo?: () => Promise<unknown>,
    facts?: (result: R) => { readonly [fact: string]: string | number | boolean },
  ): Promise<R> {
    if (undo !== undefined) this.#undo.push({ step: `undo ${step}`, run: undo });
    return this.timed(step, async () => {
      const result = await run();
      this.journal(step, facts?.(result));
      return result;
    });
  }

  /**
   * Carries out another command, with this one as its cause, and judged as its caller's, but for what takes away what this one made. It must not need what this one
   * has for itself.
   */
  execute<C extends CommandType>(type: C, args: CommandArgs[C], streams?: CommandStreams): Promise<CommandAnswers[C]> {
    const { corr, seq } = this.intent;
    const { actor, req } = this.caller;
    const behalf = type === 'container.remove' ? {} : { behalf: { actor, ...(req === undefined ? {} : { req }) } };
    return this.carryOut(type, args, { ...system(this.verb, { corr, cause: seq }), ...behalf }, streams);
  }

  /** A record with its secrets in place, for drivers to work with. Throws SECRET_NOT_FOUND. */
  async revealed<R extends { readonly spec: { readonly sealed?: SecretRef } } | { readonly sealed?: SecretRef }>(record: R): Promise<R> {
    const values = await this.engine.secrets.values('spec' in record ? record.spec : record);
    this.secrets.push(...values);
    return withValues(record, values);
  }

  /** The same; marks stay where the values were erased. */
  async known<R extends { readonly spec: { readonly sealed?: SecretRef } } | { readonly sealed?: SecretRef }>(record: R): Promise<R> {
    try {
      return await this.revealed(record);
    } catch (error) {
      if (ShiplogError.wrap(error).code !== 'SECRET_NOT_FOUND') throw error;
      return record;
    }
  }

  /** Takes back every step that began, the last first. What cannot be taken back is recorded as drift. */
  async undo(): Promise<void> {
    for (const { step, run } of this.#undo.toReversed()) {
      try {
        await run();
      } catch (error) {
        this.engine.drift('operation', this.ctx.op, `${step} done`, ShiplogError.wrap(error).message);
      }
    }
    this.#undo.length = 0;
  }

  /** Records a step without waiting for the disk, and without a write of its own: the outcome follows soon. */
  journal(step: string, facts?: { readonly [fact: string]: string | number | boolean }): void {
    const event: NewEvent = {
      stream: this.intent.stream,
      type: 'operation.step',
      kind: 'meta',
      cause: this.intent.seq,
      data: facts === undefined ? { verb: this.verb, step } : { verb: this.verb, step, facts },
    };
    this.engine.ledger.append({ stamp: this.stamp(), events: [event], lazy: true });
  }

  #context() {
    const { signal, progress } = this.streams;
    return {
      op: this.intent.op,
      signal: signal ?? new AbortController().signal,
      ...(progress === undefined ? {} : { progress }),
    };
  }

  /** Where a driver's own steps of one call are recorded. One operation may make the same call for several resources: hence `args`. */
  #journalOf(call: string, args: unknown): StepJournal {
    let prefix: string | undefined;
    const key = (step: string): string => `${(prefix ??= `${call} ${hash('sha256', JSON.stringify(args)).slice(0, 12)}`)}/${step}`;
    const { ledger } = this.engine;
    return {
      find: async (step) => ledger.head.openOperations.get(this.intent.op)?.answers?.[key(step)],
      record: async (step, value) => {
        const event: NewEvent = {
          stream: this.intent.stream,
          type: 'operation.step',
          kind: 'meta',
          cause: this.intent.seq,
          data: { verb: this.verb, step: key(step), answer: value === undefined ? {} : { value } },
        };
        await ledger.append({ stamp: this.stamp(), events: [event] }).durable;
      },
    };
  }

  /** What the events of this operation share, as of now. */
  stamp(): Stamp {
    return this.engine.stamp({ ...this.caller, corr: this.intent.corr }, this.intent.op);
  }

  private async timed<R>(step: string, run: () => Promise<R>): Promise<R> {
    const { clock } = this.engine.parts;
    const began = clock.ms();
    try {
      return await run();
    } catch (error) {
      this.failedStep ??= step;
      throw error;
    } finally {
      this.stepTimes[step] = Math.round((clock.ms() - began) * 1000) / 1000;
    }
  }
}

/** Awaits all, and only then throws the first failure: nothing goes on behind an undo's back. */
export async function together<T extends readonly unknown[]>(...work: { readonly [I in keyof T]: Promise<T[I]> }): Promise<T> {
  const settled = await Promise.allSettled(work);
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return settled.map((one) => (one as PromiseFulfilledResult<unknown>).value) as never;
}
