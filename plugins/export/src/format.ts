import type { ShiplogEvent } from '@shiplog/contracts';

/** A way to write the log for other tools. */
export interface Format {
  /** As `--format` has it. */
  readonly name: string;
  /** What reads it. */
  readonly doc: string;
  /** Text for a terminal or a pipe; bytes want a file. */
  readonly binary: boolean;
  /** Writes events, in order of `seq`, as chunks of the file. Holds no more than a chunk, and what the format itself must remember. */
  write(events: AsyncIterable<ShiplogEvent>): AsyncIterable<string | Uint8Array>;
}
