import type { Observed, ProcessExit, ProcessRef } from '@shiplog/contracts';

/** A process of the host: a container's first, or an exec session's. */
export interface SimProcess {
  readonly ref: ProcessRef;
  state: 'created' | 'running' | 'exited';
  exitCode: number;
  oomKilled: boolean;
  finishedAt: string;
}

/** What processes do. Each may call {@link SimHost.exit}, now or later. */
export interface Behaviour {
  started(container: string): void;
  /** A signal came to a process that runs. */
  signalled(container: string, signal: number): void;
  execStarted(container: string, exec: string): void;
}

export interface SimHostOptions {
  readonly bootId: string;
  /** Wall clock, nanoseconds, decimal. */
  readonly now: () => string;
  /** Without one: runs until signal 9 or 15. */
  readonly behaviour?: (host: SimHost) => Behaviour;
  /** Processes get the pids after this one; 100 if absent. */
  readonly firstPid?: number;
}

/** A host in memory: what drivers made on it outlives the engine. */
export class SimHost {
  /** `kind/resource/id`; storage is `storage:<driver>`. */
  readonly things = new Set<string>();
  /** By container. */
  readonly processes = new Map<string, SimProcess>();
  /** By exec session. */
  readonly execs = new Map<string, SimProcess>();
  readonly secrets = new Map<string, string>();
  readonly behaviour: Behaviour;
  readonly bootId: string;
  readonly now: () => string;
  readonly #tellers = new Set<(exit: ProcessExit) => void>();
  #pids: number;

  constructor({ bootId, now, behaviour, firstPid = 100 }: SimHostOptions) {
    this.bootId = bootId;
    this.now = now;
    this.#pids = firstPid;
    this.behaviour = behaviour?.(this) ?? endingOfSignals(this);
  }

  /** A process that was made and does not run yet. */
  newProcess(): SimProcess {
    this.#pids += 1;
    const ref = { pid: this.#pids, startTicks: this.#pids, bootId: this.bootId };
    return { ref, state: 'created', exitCode: 0, oomKilled: false, finishedAt: '' };
  }

  /** Ends a container's process, and tells. Nothing happens if it does not run. */
  exit(container: string, exitCode: number, oomKilled = false): void {
    this.#end(this.processes.get(container), exitCode, oomKilled, { id: container });
  }

  /** Ends an exec session's process. */
  exitExec(container: string, exec: string, exitCode: number): void {
    this.#end(this.execs.get(exec), exitCode, false, { id: container, exec });
  }

  #end(process: SimProcess | undefined, exitCode: number, oomKilled: boolean, who: { readonly id: string; readonly exec?: string }): void {
    if (process === undefined || process.state === 'exited') return;
    Object.assign(process, { state: 'exited', exitCode, oomKilled, finishedAt: this.now() });
    for (const tell of this.#tellers) tell({ ...who, exitCode, oomKilled, finishedAt: process.finishedAt });
  }

  /** Tells exits to `tell` from now on, and first those of containers that have not been removed. Answers how to stop. */
  follow(tell: (exit: ProcessExit) => void): () => void {
    this.#tellers.add(tell);
    for (const [id, { state, exitCode, oomKilled, finishedAt }] of this.processes)
      if (state === 'exited') tell({ id, exitCode, oomKilled, finishedAt });
    return () => void this.#tellers.delete(tell);
  }

  /** Nobody who followed hears anything any more, as after a crash of the engine. */
  abandon(): void {
    this.#tellers.clear();
  }

  /** Things of one kind, as a driver's `observe` tells them. */
  observe(kind: string): Observed[] {
    return [...this.things]
      .filter((thing) => thing.startsWith(`${kind}/`))
      .map((thing) => ({ resource: thing.split('/')[1] ?? '', id: thing.split('/').slice(2).join('/') }));
  }

  /** What is there that some container, image or network should own; networks stay. */
  leftovers(): string[] {
    return [...this.things, ...this.processes.keys()].filter((thing) => !thing.startsWith('network/')).toSorted();
  }
}

function endingOfSignals(host: SimHost): Behaviour {
  return {
    started: () => undefined,
    signalled(container, signal) {
      if (signal === 9 || signal === 15) host.exit(container, 128 + signal);
    },
    execStarted: () => undefined,
  };
}
