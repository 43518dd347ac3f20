import type { DriverBase } from './verb.ts';

/** One line of output, or a part of one where `partial`. */
export interface LogRecord {
  /** Nanoseconds since the epoch, decimal. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** With its newline unless partial. */
  readonly data: Uint8Array;
  readonly partial: boolean;
}

export interface LogReadOptions {
  readonly path: string;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tail?: number;
  readonly since?: string;
  readonly until?: string;
  /** Goes on with new lines until `ended` or `signal` aborts. */
  readonly follow: boolean;
  /** Aborts when nothing more will be written: following ends after the last line. */
  readonly ended: AbortSignal;
  /** Aborts when the reader leaves. */
  readonly signal: AbortSignal;
}

/** Reads back what containers printed. The monitor writes, told by the driver's name and the path (conmon's --log-path). */
export interface LogDriver extends DriverBase {
  /** Reading a log that does not exist yet gives nothing, or follows until it does. */
  read(options: LogReadOptions): AsyncIterable<LogRecord>;
  /** Deletes the log. Succeeds when there is none. */
  remove(path: string): Promise<void>;
}
