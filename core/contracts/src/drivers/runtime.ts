import { Type } from '@sinclair/typebox';
import { Done, type DriverBase, HostPath, ResourceId, type VerbsOf, verb } from './verb.ts';

export const ProcessRefSchema = Type.Object({ pid: Type.Integer(), startTicks: Type.Integer(), bootId: Type.String() });

/** The process of a simulated container: there is none. */
const NOBODY = { pid: 1, startTicks: 0, bootId: 'simulated' };

/** An OCI runtime-spec object; the driver hands it on. */
const OciObject = Type.Unsafe<object>(Type.Object({}));

/**
 * A runtime driver runs OCI bundles (runtime-spec) under a monitor that outlives the engine.
 *
 * Life. `create` makes the process with everything set up and the user's program not yet running; `start` lets it run;
 * it ends by itself or by `signal`; `remove` forgets it and deletes the bundle. Between create and start the engine
 * connects stdio, so that no first byte is lost. Exits are told by {@link RuntimeDriver.exits} and kept on disk until
 * `remove`, also while no engine runs.
 */
export const RUNTIME_VERBS = {
  create: verb({
    doc: "Makes bundle and process. `spec` is an OCI runtime spec; the driver fills in only what the host or the root file system decides: ids and HOME for `user` and `groups` (from the container's /etc/passwd and /etc/group), the seccomp profile, numbers of `devices`, capabilities this daemon itself lacks. `files` (name → content) are written into the bundle; a mount whose source is `bundle:NAME` means that file. Fails COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE or RUNTIME_FAILED, and nothing stays.",
    args: Type.Object({
      id: ResourceId,
      spec: OciObject,
      /** `user[:group]`, names or numbers; '' for root. */
      user: Type.String(),
      groups: Type.Array(Type.String()),
      /** `default`, `unconfined`, or a profile as JSON text. */
      seccomp: Type.String(),
      devices: Type.Array(Type.Object({ hostPath: HostPath, containerPath: HostPath, permissions: Type.String() })),
      /** All host devices, as for a privileged container. */
      allDevices: Type.Boolean(),
      /** Run an init as pid 1. */
      init: Type.Boolean(),
      files: Type.Record(Type.String(), Type.String()),
      /** Directories on the host that are made if they are missing: sources of binds. */
      directories: Type.Array(HostPath),
      terminal: Type.Boolean(),
      /** Keep stdin open for writers. */
      stdin: Type.Boolean(),
      /** Close the program's stdin when the first writer closes it. */
      stdinOnce: Type.Boolean(),
      log: Type.Object({ driver: Type.String(), path: Type.String(), options: Type.Record(Type.String(), Type.String()) }),
      runtime: Type.String(),
    }),
    answer: Type.Object({ process: ProcessRefSchema }),
    undo: 'remove',
    simulate: () => ({ process: NOBODY }),
  }),
  start: verb({ doc: "Lets the created process run the user's program.", args: Type.Object({ id: ResourceId }), answer: Done }),
  signal: verb({
    doc: 'Sends a signal to the main process. `delivered` is false when it has ended.',
    args: Type.Object({ id: ResourceId, signal: Type.Integer({ minimum: 1, maximum: 64 }) }),
    answer: Type.Object({ delivered: Type.Boolean() }),
    simulate: () => ({ delivered: true }),
  }),
  remove: verb({
    doc: 'Kills what still runs, forgets the container, ends its monitor, deletes its bundle and exit record.',
    args: Type.Object({ id: ResourceId }),
    answer: Done,
  }),
  resize: verb({
    doc: "Sets the terminal's size.",
    args: Type.Object({ id: ResourceId, exec: Type.Optional(ResourceId), rows: Type.Integer(), columns: Type.Integer() }),
    answer: Done,
  }),
  execCreate: verb({
    doc: 'Makes ready to run another process (an OCI process object) in the container; nothing runs yet.',
    args: Type.Object({
      id: ResourceId,
      exec: ResourceId,
      process: OciObject,
      user: Type.String(),
      terminal: Type.Boolean(),
      stdin: Type.Boolean(),
    }),
    answer: Done,
    undo: 'execRemove',
  }),
  execStart: verb({
    doc: 'Runs it. Fails COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE or RUNTIME_FAILED.',
    args: Type.Object({ id: ResourceId, exec: ResourceId }),
    answer: Type.Object({ process: ProcessRefSchema }),
    simulate: () => ({ process: NOBODY }),
  }),
  execRemove: verb({
    doc: 'Forgets the exec session; its process, if it runs, is killed with what it started. Where that cannot be told, sessions (setsid(2)) that began later are left.',
    args: Type.Object({ id: ResourceId, exec: ResourceId }),
    answer: Done,
  }),
  state: verb({
    doc: 'What is true of the container now. `exited` carries the recorded exit.',
    args: Type.Object({ id: ResourceId }),
    answer: Type.Object({
      status: Type.Union([Type.Literal('absent'), Type.Literal('created'), Type.Literal('running'), Type.Literal('exited')]),
      process: Type.Optional(ProcessRefSchema),
      exitCode: Type.Optional(Type.Integer()),
      /** Nanoseconds since the epoch, decimal. */
      finishedAt: Type.Optional(Type.String()),
      oomKilled: Type.Optional(Type.Boolean()),
    }),
    simulate: () => ({ status: 'absent' as const }),
  }),
} as const;

/** A process that ended. With `exec`, an exec session's, else the container's main process. Signals are 128+N. */
export interface ProcessExit {
  readonly id: string;
  readonly exec?: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Nanoseconds since the epoch, decimal. */
  readonly finishedAt: string;
}

/** A piece of output: 1 stdout, 2 stderr. A terminal has only 1. */
export interface OutputChunk {
  readonly stream: 1 | 2;
  readonly data: Uint8Array;
}

/** A live connection to a process's stdio. Several may be open at once; each gets all output from its opening on. */
export interface IoChannel {
  /** Ends when the process has ended and all its output was read. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Resolves when more may be written. Writing after the process ended is ignored. */
  write(data: Uint8Array): Promise<void>;
  /** No more input from this side. */
  endInput(): void;
  /** Leaves; the process goes on. */
  close(): void;
}

/** `observe` answers `{resource: 'container', id}` and `{resource: 'monitor', id}`. */
export interface RuntimeDriver extends DriverBase, VerbsOf<typeof RUNTIME_VERBS> {
  /** Connects to the stdio of a created or running process. Resolves once connected: output from then on is seen. */
  attach(target: { readonly id: string; readonly exec?: string }): Promise<IoChannel>;
  /** Those of `pids` that still live, as ps(1) shows them with `psArgs`; REQUEST_INVALID if ps refuses the arguments. */
  top(pids: readonly number[], psArgs: string): Promise<ProcessTable>;
  /**
   * Every exit, also those from before this call that `remove` has not forgotten: at least once each. Ends with `signal`.
   */
  exits(signal: AbortSignal): AsyncIterable<ProcessExit>;
  /**
   * Containers in whose cgroup the kernel kills for memory, also those that live on: once or more for what happens, maybe a moment before the
   * kill is counted, and first what happened since the last one who listened. Ends with `signal`. A runtime without it tells of
   * such kills by exits alone.
   */
  oomKills?(signal: AbortSignal): AsyncIterable<{ readonly id: string }>;
}

/** Processes of a container, as ps(1) shows them. */
export interface ProcessTable {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
}
