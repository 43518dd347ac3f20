import type { EventOf, ShiplogEvent } from '@shiplog/contracts';

/** How a process ended, and how long it had run. */
export interface RunEnd {
  /** Milliseconds after it started; after the signal, if one ended it. */
  readonly afterMs: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** The signal that ended it; absent if it ended by itself. */
  readonly signal?: number;
  /** When the host went down with it, milliseconds from the recording's beginning: it would have gone on. */
  readonly withHost?: number;
}

/** Runs of one container's process, in order; undefined for one that never ended. */
export type ContainerRuns = readonly (RunEnd | undefined)[];

/** How long each process ran. */
export interface RecordedRuns {
  /** By container. */
  readonly containers: ReadonlyMap<string, ContainerRuns>;
  /** By exec session. */
  readonly execs: ReadonlyMap<string, RunEnd>;
}

interface Open {
  readonly startedAt: number;
  signal?: { readonly number: number; readonly at: number };
}

const KILL = 9;

/** Verbs that end a process on purpose. */
const ENDING = new Set(['container.stop', 'container.restart', 'container.remove', 'container.prune']);

/** Learns from a log how long each process ran, and what ended it. */
export class Runs implements RecordedRuns {
  readonly containers = new Map<string, (RunEnd | undefined)[]>();
  /** By exec session. */
  readonly execs = new Map<string, RunEnd>();
  readonly #open = new Map<string, Open>();
  readonly #startedExecs = new Map<string, number>();
  readonly #execOf = new Map<string, string>();
  /** Signals of operations under way. */
  readonly #signals = new Map<string, number>();
  /** Containers whose processes operations under way end. */
  readonly #ending = new Map<string, string>();
  /** When the host last went down. */
  #rebootedAt: number | undefined;

  /** A container's process runs when the recording begins. Telling it again is harmless. */
  begin(container: string): void {
    if (!this.#open.has(container)) this.#start(container, 0);
  }

  /** As {@link begin}, of an exec session. */
  beginExec(exec: string): void {
    this.#startedExecs.set(exec, 0);
  }

  add(event: ShiplogEvent, at: number): void {
    const container = event.stream.slice('container/'.length);
    switch (event.type) {
      case 'host.rebooted':
        this.#rebootedAt = at;
        break;
      case 'container.start.succeeded':
      case 'container.restart.succeeded':
        this.#start(container, at);
        break;
      case 'operation.step': {
        const open = this.#open.get(container);
        if (open !== undefined && event.data.step === 'signal') open.signal = { number: this.#signalOf(event), at };
        break;
      }
      case 'container.exited':
        this.#exited(event.data.id, event.data, at);
        break;
      case 'exec.start.requested':
        if (event.data.decided !== null) this.#execOf.set(event.op, event.data.decided.id);
        break;
      case 'exec.start.succeeded': {
        const exec = this.#execOf.get(event.op);
        if (exec !== undefined) this.#startedExecs.set(exec, at);
        break;
      }
      case 'exec.exited': {
        const startedAt = this.#startedExecs.get(event.data.id) ?? at;
        const { exitCode } = event.data;
        this.execs.set(event.data.id, { afterMs: at - startedAt, exitCode, oomKilled: false, ...this.#withHost(startedAt) });
        break;
      }
      default:
        if (event.kind === 'intent') this.#intent(event, container);
    }
    if (event.kind === 'outcome') {
      this.#ending.delete(event.op);
      this.#signals.delete(event.op);
    }
  }

  #start(container: string, at: number): void {
    this.#open.set(container, { startedAt: at });
    this.#listOf(container).push(undefined);
  }

  #intent(event: ShiplogEvent, container: string): void {
    const { decided } = event.data as { readonly decided?: { readonly signal?: number } | null };
    if (decided === null || decided === undefined) return;
    this.#signals.set(event.op, decided.signal ?? KILL);
    if (ENDING.has(event.type.replace(/\.requested$/, ''))) this.#ending.set(event.op, container);
  }

  /** Which signal a step sent: it says so itself, or else the operation it is a step of. */
  #signalOf(event: EventOf<'operation.step'>): number {
    const told = event.data.facts?.['signal'];
    return typeof told === 'number' ? told : (this.#signals.get(event.op) ?? KILL);
  }

  #exited(container: string, data: { readonly exitCode: number; readonly oomKilled: boolean }, at: number): void {
    const { exitCode, oomKilled } = data;
    const open = this.#open.get(container) ?? { startedAt: at };
    const { signal } = open;
    const runs = this.#listOf(container);
    if (runs.length === 0) runs.push(undefined);
    const meant = signal !== undefined && (exitCode === 128 + signal.number || [...this.#ending.values()].includes(container));
    runs[runs.length - 1] = meant
      ? { afterMs: at - signal.at, exitCode, oomKilled, signal: signal.number }
      : { afterMs: at - open.startedAt, exitCode, oomKilled, ...this.#withHost(open.startedAt) };
    this.#open.delete(container);
  }

  /** Of what began then and has ended now. */
  #withHost(startedAt: number): Pick<RunEnd, 'withHost'> {
    return this.#rebootedAt === undefined || this.#rebootedAt < startedAt ? {} : { withHost: this.#rebootedAt };
  }

  #listOf(container: string): (RunEnd | undefined)[] {
    const list = this.containers.get(container) ?? [];
    this.containers.set(container, list);
    return list;
  }
}
