import type {
  Actor,
  AppendRequest,
  Command,
  CommandArgs,
  CommandOf,
  CommandType,
  Decisions,
  ErrorRecord,
  EventOf,
  EventType,
  Givens,
  NewEvent,
  Outcomes,
  RequestFacts,
  ShiplogEvent,
  Stamp,
} from '@shiplog/contracts';
import { decide } from '../decide.ts';
import { evolve } from '../evolve.ts';
import { givensNeeded } from '../givens-needed.ts';
import { failed, succeeded } from '../outcome.ts';
import { createState, type State } from '../state.ts';
import type { Random } from './random.ts';

/** One append of a synthetic log: what to hand to a log, and the events as a new log places them (but for `id`). */
export interface SyntheticAppend {
  readonly request: AppendRequest;
  readonly events: readonly ShiplogEvent[];
}

/** Something that goes on in several appends; between them, other things go on. */
export type Script<R = void> = Generator<undefined, R, undefined>;

/** What happens between an intent and its outcome: a step by name, or something else. */
export type During = string | (() => unknown);

interface How<T extends CommandType> {
  readonly by: Actor;
  readonly cause?: number;
  readonly req?: RequestFacts;
  readonly during?: readonly During[];
  readonly data: Outcomes[T] | (() => Outcomes[T]);
  /** The operation fails so, after what happens during it. */
  readonly failure?: ErrorRecord;
}

const DEFAULTS: Givens['defaults'] = {
  storageDriver: 'overlay',
  runtime: 'oci',
  logDriver: 'k8s-file',
  logRoot: '/var/lib/shiplog/containers',
  stopTimeoutSeconds: 10,
  volumeRoot: '/var/lib/shiplog/volumes',
};

/** 2026-01-01T00:00:00Z, nanoseconds. */
const BEGIN = 1_767_225_600_000_000_000n;
const MILLISECOND = 1_000_000n;

/** A host without a kernel: decides commands, invents outcomes, folds, and keeps what it appended until it is taken. */
export class SyntheticHost {
  readonly state: State = createState();
  /** Containers that a script has to itself. */
  readonly taken = new Set<string>();
  inst = 'inst-1';
  #appended: SyntheticAppend[] = [];
  readonly #revisions = new Map<string, number>();
  #seq = -1;
  #ops = 0;
  #pids = 1000;
  #port = 0;
  #now = BEGIN;

  constructor(readonly random: Random) {}

  /** Position of the last event. */
  get seq(): number {
    return this.#seq;
  }

  /** Wall time, nanoseconds, decimal. */
  get now(): string {
    return this.#now.toString();
  }

  /** Lets time pass. */
  wait(milliseconds: number): void {
    this.#now += BigInt(milliseconds) * MILLISECOND;
  }

  /** What was appended since the last call. */
  take(): readonly SyntheticAppend[] {
    const appended = this.#appended;
    this.#appended = [];
    return appended;
  }

  process(): Outcomes['container.start'] {
    return { process: { pid: (this.#pids += 1), startTicks: this.#pids * 7, bootId: 'boot-1' } };
  }

  /** Facts that nobody asked for. Returns the position of the last. */
  observe(by: Actor, ...events: readonly NewEvent[]): number {
    this.#append(this.#stamp(this.#op(), by), events);
    return this.#seq;
  }

  /** Takes a command to its outcome. Returns what was decided; undefined if it was refused or failed. */
  *perform<T extends CommandType>(type: T, args: CommandArgs[T], how: How<T>): Script<NonNullable<Decisions[T]> | undefined> {
    const op = this.#op();
    const stamp = (): Stamp => this.#stamp(op, how.by, how.req);
    const decision = decide(this.state, this.#command(type, args));
    const { stream } = decision;
    const intent = how.cause === undefined ? decision.intent : { ...decision.intent, cause: how.cause };
    if (!decision.ok) {
      this.#append(stamp(), [intent, failed(type, stream, { status: 'refused', ms: 0, error: decision.refusal })]);
      return undefined;
    }
    const result = { ms: this.random.integer(90_000) / 1000, steps: {} as Record<string, number> };
    // The intent of this very verb, and what it decided.
    const decided: NonNullable<Decisions[T]> = (intent.data as { readonly decided: never }).decided;
    const data = (): Outcomes[T] => (typeof how.data === 'function' ? how.data() : how.data);
    if (decision.effectless) {
      this.#append(stamp(), [intent, succeeded(type, stream, data(), { ...result, status: 'ok' })]);
      return decided;
    }
    this.#append(stamp(), [intent]);
    const cause = this.#seq;
    yield;
    for (const what of how.during ?? []) {
      if (typeof what === 'function') what();
      else {
        result.steps[what] = this.random.integer(9000) / 1000;
        this.#append(stamp(), [{ stream, type: 'operation.step', kind: 'meta', cause, data: { verb: type, step: what } }]);
      }
      if (this.random.chance(0.3)) yield;
    }
    const outcome =
      how.failure === undefined
        ? succeeded(type, stream, data(), { ...result, status: 'ok' })
        : failed(type, stream, { ...result, status: 'failed', error: how.failure });
    this.#append(stamp(), [{ ...outcome, cause }]);
    yield;
    return how.failure === undefined ? decided : undefined;
  }

  #command<T extends CommandType>(type: T, args: CommandArgs[T]): Command {
    // The union of all commands is what decide takes; a generic member of it is one of them.
    const bare = { type, args, at: this.now, givens: { ids: [], defaults: DEFAULTS } } as CommandOf<T> as Command;
    const needed = givensNeeded(this.state, bare);
    const ids = Array.from({ length: needed.ids }, () => this.random.hex(64));
    const freePorts = Array.from({ length: needed.ports }, () => 32_768 + (this.#port++ % 28_000));
    return { ...bare, givens: { ids, ...(needed.ports === 0 ? {} : { freePorts }), defaults: DEFAULTS } } as Command;
  }

  #op(): string {
    return `01k${(this.#ops += 1).toString(36).padStart(7, '0')}${this.random.hex(16)}`;
  }

  #stamp(op: string, actor: Actor, req?: RequestFacts): Stamp {
    this.wait(1 + this.random.integer(6));
    return { op, corr: op, t: this.now, mono: (this.#now - BEGIN).toString(), actor, ...(req === undefined ? {} : { req }) };
  }

  #append(stamp: Stamp, news: readonly NewEvent[]): void {
    const events = news.map((event) => this.#place(stamp, event));
    for (const event of events) evolve(this.state, event);
    this.#appended.push({ request: { stamp, events: news }, events });
  }

  #place(stamp: Stamp, event: NewEvent): ShiplogEvent {
    const rev = (this.#revisions.get(event.stream) ?? -1) + 1;
    this.#revisions.set(event.stream, rev);
    const seq = (this.#seq += 1);
    const placed: Omit<EventOf<EventType>, keyof NewEvent | keyof Stamp> = {
      v: 1,
      seq,
      id: `01k${seq.toString(36).padStart(23, '0')}`,
      rev,
      boot: 'boot-1',
      inst: this.inst,
    };
    return { ...stamp, sv: 1, ...event, ...placed } as ShiplogEvent;
  }
}
