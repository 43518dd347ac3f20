import { type CommandStreams, type Engine, ShiplogError } from '@shiplog/contracts';
import type { RecordedCommand } from '../recording/recording.ts';

/** What a performance knows of time. */
export interface Metronome {
  /** Milliseconds since some moment. */
  ms(): number;
  /** Runs something after `ms` milliseconds. */
  after(ms: number, run: () => void): unknown;
}

export interface PerformerOptions {
  readonly engine: Pick<Engine, 'execute'>;
  readonly clock: Metronome;
  /** How much faster than recorded people think; Infinity: they do not. */
  readonly speed: number;
  /** What travels beside a command. Throws where that is not to be had: the command then is not asked. */
  streams?(command: RecordedCommand): CommandStreams;
  /** A command has got its answer, or could not be asked. */
  ended?(command: RecordedCommand, error: ShiplogError | undefined): void;
}

interface Waiting {
  readonly command: RecordedCommand;
  readonly missing: Set<string>;
}

/**
 * Asks an engine for recorded commands again, in their order: one comes no sooner than everything has ended that had ended
 * when it came the first time, and as long after that as its client took then, divided by `speed`. So what was side by side may be
 * side by side again, and nothing else.
 *
 * It hears what has ended by {@link Performer.reached}. Where something does not happen this time, nobody can wait for it:
 * {@link Performer.release} lets the next command go.
 */
export class Performer {
  readonly #options: PerformerOptions;
  readonly #reached = new Set<string>();
  readonly #waiting = new Map<string, Set<Waiting>>();
  /** Commands that still wait, the earliest first. */
  readonly #blocked = new Set<Waiting>();
  readonly #began: number;
  readonly #done = Promise.withResolvers<void>();
  readonly #asking = new Set<Promise<void>>();
  #stopped = false;
  #left: number;
  #underWay = 0;
  /** Commands that were let go before what they had come after. */
  released = 0;

  constructor(commands: readonly RecordedCommand[], options: PerformerOptions) {
    this.#options = options;
    this.#began = options.clock.ms();
    this.#left = commands.length;
    for (const command of commands) this.#place(command);
    if (this.#left === 0) this.#done.resolve();
  }

  /** Commands that no longer wait for others to end, and have no answer yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /** The earliest command that waits for something to end, with how long that took the first time: milliseconds from what had ended last of it. */
  get nextBlocked(): { readonly command: RecordedCommand; readonly waitedMs: number } | undefined {
    for (const { command, missing } of this.#blocked) {
      const ended = command.after.filter(({ milestone }) => !missing.has(milestone)).map(({ at }) => at);
      return { command, waitedMs: Math.max(0, command.at - Math.max(0, ...ended)) };
    }
    return undefined;
  }

  /** Commands that have no answer yet. */
  get left(): number {
    return this.#left;
  }

  /** Resolves when the last command has its answer. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  #place(command: RecordedCommand): void {
    const waiting: Waiting = { command, missing: new Set(command.after.map(({ milestone }) => milestone)) };
    if (waiting.missing.size === 0) return this.#schedule(command);
    this.#blocked.add(waiting);
    for (const milestone of waiting.missing) {
      const all = this.#waiting.get(milestone) ?? new Set();
      all.add(waiting);
      this.#waiting.set(milestone, all);
    }
  }

  /** Something has ended. Telling it twice is harmless. */
  reached(milestone: string): void {
    if (this.#reached.has(milestone)) return;
    this.#reached.add(milestone);
    for (const waiting of this.#waiting.get(milestone) ?? []) {
      waiting.missing.delete(milestone);
      if (waiting.missing.size === 0 && this.#blocked.delete(waiting)) this.#schedule(waiting.command);
    }
    this.#waiting.delete(milestone);
  }

  /** Lets the earliest command go that waits for something; false if there is none. */
  release(): boolean {
    for (const waiting of this.#blocked) {
      this.#blocked.delete(waiting);
      this.released += 1;
      this.#schedule(waiting.command);
      return true;
    }
    return false;
  }

  /** Asks for nothing more. Resolves when all that was asked has its answer; {@link Performer.done} may then never resolve. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#asking);
  }

  #schedule(command: RecordedCommand): void {
    const { clock, speed } = this.#options;
    const now = clock.ms() - this.#began;
    const latest = command.after.reduce((last, { at }) => Math.max(last, at), Number.NEGATIVE_INFINITY);
    const thought = Math.max(0, command.at - latest) / speed;
    const target = Math.max(command.at / speed, Number.isFinite(latest) ? now + thought : 0);
    this.#underWay += 1;
    clock.after(target - now, () => {
      if (this.#stopped) return;
      const asking = this.#ask(command);
      this.#asking.add(asking);
      void asking.finally(() => this.#asking.delete(asking));
    });
  }

  async #ask(command: RecordedCommand): Promise<void> {
    const { engine, streams, ended } = this.#options;
    const { verb, args, caller, given } = command;
    let failure: ShiplogError | undefined;
    try {
      await engine.execute(verb, args, caller, { given, ...streams?.(command) });
    } catch (error) {
      failure = ShiplogError.wrap(error);
    }
    ended?.(command, failure);
    this.#left -= 1;
    this.#underWay -= 1;
    if (this.#left === 0) this.#done.resolve();
  }
}
