import type { ProcessRef } from '@shiplog/contracts';
import type { Process, Spec } from './spec.ts';
import type { SessionGroup } from './session-group.ts';

/** A container that a runtime has made, or was making when it was cut off. */
export interface Container {
  readonly id: string;
  /** Its directory, with config.json. */
  readonly bundle: string;
  /** Its main process; absent when no create has come so far. */
  readonly process?: ProcessRef;
}

/** What the monitor runs for an exec session. */
export interface SessionProgram {
  readonly path: string;
  /** Words before the verb. */
  readonly flags: readonly string[];
  /** Words after it. */
  readonly options: readonly string[];
}

/**
 * A program that the monitor runs to make containers and exec sessions, with the words of runc(8), and what else of its work
 * the driver asks for.
 */
export interface Runtime {
  readonly name: string;
  /** What the monitor is told to run: the program, or one that runs it. */
  readonly path: string;
  /** Words before the verb. */
  readonly flags: readonly string[];
  /** Called before `create`, with the complete spec. Answers what is written as config.json; what else the program reads, it writes. */
  prepare(bundle: string, spec: Spec): Promise<Spec>;
  /** Text of the file that the program is handed for an exec session in the container of `bundle`. `group`: where its processes belong. */
  processFile(bundle: string, process: Process, group?: SessionGroup): Promise<string>;
  /** What runs an exec session whose processes are in `group` from their beginning. Absent, or undefined: it is as without, or cannot be. */
  sessionIn?(group: SessionGroup): SessionProgram | undefined;
  /** Called when `create` has ended well. `watched` is the process the monitor waits for; answers the pid of the main process. */
  made(container: Container, watched: number, spec: Spec): Promise<number>;
  /** Lets the main process run its program. `again`: an earlier start may have done so. */
  start(container: Container, again: boolean): Promise<void>;
  /** Called when it is on disk that the container was started. */
  started?(id: string): void;
  /** Forgets a container, and ends what is left of it. Called when its main process, if it is known, has ended. */
  forget(container: Container): Promise<void>;
}
