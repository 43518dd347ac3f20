import type { FileHandle } from 'node:fs/promises';
import type { LogRecord } from '@shiplog/contracts';
import type { OutputRecord } from '@shiplog/driver-kit';

type Attributes = { readonly [name: string]: string };

/** How records stand in a file. */
export interface Codec {
  encode(record: OutputRecord, attributes: Attributes): Uint8Array;
  /** The whole records at the beginning of `bytes`, and how many bytes they are. What is damaged is passed over. */
  decode(bytes: Buffer): { readonly records: readonly LogRecord[]; readonly used: number };
  /** Where the last `count` records of a file begin, and how many there are from there on: fewer than `count` if the file has no more. */
  tail(file: FileHandle, size: number, count: number): Promise<{ readonly offset: number; readonly count: number }>;
}
