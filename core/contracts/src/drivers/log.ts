import { type Static, Type } from '@sinclair/typebox';
import { Done, type DriverBase, HostPath, Mapping, ResourceId, type VerbsOf, verb } from './verb.ts';

/** What a log driver may say of the container whose output it keeps. */
export const LogSubject = Type.Object({
  id: ResourceId,
  name: Type.String(),
  imageId: Type.String(),
  imageName: Type.String(),
  /** Path and arguments of what runs. */
  command: Type.Array(Type.String()),
  /** Nanoseconds since the epoch, decimal. */
  createdAt: Type.String(),
  labels: Mapping,
  /** Values of the variables that the options `env` and `env-regex` ask for, and of no other. */
  env: Mapping,
});

export type LogSubject = Static<typeof LogSubject>;

/**
 * A log driver keeps what containers print, or sends it away.
 *
 * Terms. The monitor writes output to a file, the `spool`, one line a record in the CRI's log format
 * (`<RFC 3339 time> <stdout|stderr> <F|P> <text>`); it does so while no engine runs. `path` is where a driver that keeps
 * files puts them: the name users see as the container's log path. `id` is the container's.
 *
 * Life. `open` begins to take over what comes into the spool, from where it left off; `close` takes over the rest and lets
 * go; both may come again, after each other and after a crash. What was taken over is freed in the spool, so that it does
 * not grow with the output. `remove` forgets all of it. A driver whose manifest says `spool: false` wants nothing written;
 * one that says `direct: true` reads the spool itself (spool and path are one file) and does nothing at `open` and `close`.
 *
 * At least once: what the spool held when the driver or the engine died is taken over again from the last note. A driver
 * that keeps files can do better, exactly once, by keeping the position in the spool with what it wrote.
 */
export const LOG_VERBS = {
  check: verb({
    doc: "Refuses options this driver does not know or cannot use: SPEC_INVALID with Docker's words. Touches nothing.",
    args: Type.Object({ options: Mapping }),
    answer: Done,
  }),
  open: verb({
    doc: 'Takes over output from the spool, in the background, until `close`. Succeeds also where the destination cannot be reached now: what is not taken over waits in the spool. Repeating it changes nothing.',
    args: Type.Object({ id: ResourceId, spool: HostPath, path: HostPath, options: Mapping, subject: LogSubject }),
    answer: Done,
    undo: 'close',
  }),
  close: verb({
    doc: 'No more will be written: resolves when all that the spool holds is taken over, and lets go of it. When the signal aborts first, the rest stays in the spool for the next `open`.',
    args: Type.Object({ id: ResourceId }),
    answer: Done,
    // As long as a timer can wait: a destination may be away for days.
    deadlineMs: 2 ** 31 - 1,
  }),
  remove: verb({
    doc: 'Lets go without taking over the rest, and deletes spool and log. What went elsewhere stays there.',
    args: Type.Object({ id: ResourceId, spool: HostPath, path: HostPath }),
    answer: Done,
  }),
} as const;

/** One line of output, or a part of one where `partial`. */
export interface LogRecord {
  /** Nanoseconds since the epoch, decimal. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** With its newline unless partial. */
  readonly data: Uint8Array;
  readonly partial: boolean;
  /** What the options `labels`, `env` and `tag` attach to every record. */
  readonly attributes?: { readonly [name: string]: string };
}

export interface LogReadOptions {
  readonly id: string;
  readonly spool: string;
  readonly path: string;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tail?: number;
  /** Nanoseconds since the epoch, decimal; inclusive both. */
  readonly since?: string;
  readonly until?: string;
  /** Goes on with new lines until `ended` or `signal` aborts. */
  readonly follow: boolean;
  /** Aborts when nothing more will be written: following ends after the last line. */
  readonly ended: AbortSignal;
  /** Aborts when the reader leaves. */
  readonly signal: AbortSignal;
}

/** Capabilities: `read`, `follow`; `spool`, `direct` as above; `lasting`: what it took over outlives the container. `observe` answers `{resource: 'log', id}` for every open one. */
export interface LogDriver extends DriverBase, VerbsOf<typeof LOG_VERBS> {
  /**
   * What the container printed, the spool's rest included. Reading a log that does not exist yet gives nothing, or follows until it does.
   * Throws NOT_SUPPORTED, before the first record, from a driver without the capability `read`.
   */
  read(options: LogReadOptions): AsyncIterable<LogRecord>;
}
