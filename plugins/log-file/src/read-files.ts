import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { LogReadOptions, LogRecord } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';
import type { Codec } from './codec.ts';
import { rotated } from './segments.ts';

const BLOCK = 65_536;

/** A file of a log, from `offset` on. */
export interface OpenSegment {
  readonly file: FileHandle;
  readonly offset: number;
}

/** The files that hold the last `tail` records (all of them if absent), oldest first. Compressed ones are unpacked into `scratch`. The caller closes them. */
export async function openSegments(
  path: string,
  most: number,
  codec: Codec,
  tail: number | undefined,
  scratch: string,
): Promise<OpenSegment[]> {
  const opened: OpenSegment[] = [];
  let missing = tail;
  try {
    for (const name of [path, ...(await rotated(path, most))]) {
      if (missing !== undefined && missing <= 0 && opened.length > 0) break;
      const file = await openSegment(name, scratch);
      if (file === undefined) continue;
      if (missing === undefined) opened.unshift({ file, offset: 0 });
      else {
        const { offset, count } = await codec.tail(file, (await file.stat()).size, missing);
        missing -= count;
        opened.unshift({ file, offset });
      }
    }
    return opened;
  } catch (error) {
    for (const { file } of opened) await file.close();
    throw error;
  }
}

async function openSegment(name: string, scratch: string): Promise<FileHandle | undefined> {
  const unpacked = join(scratch, `unpacked-${randomBytes(8).toString('hex')}`);
  try {
    if (!name.endsWith('.gz')) return await open(name, 'r');
    await pipeline(createReadStream(name), createGunzip(), createWriteStream(unpacked, { mode: 0o600 }));
    return await open(unpacked, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  } finally {
    // Open or not, it needs no name.
    await rm(unpacked, { force: true });
  }
}

/** Records of one file up to its end as it is now; answers where that is. */
export async function* readSegment(segment: OpenSegment, codec: Codec): AsyncGenerator<LogRecord, number> {
  let { offset } = segment;
  for (let size = BLOCK; ;) {
    const block = Buffer.allocUnsafe(size);
    const { bytesRead } = await segment.file.read(block, 0, size, offset);
    const { records, used } = codec.decode(block.subarray(0, bytesRead));
    yield* records;
    offset += used;
    if (used > 0) size = BLOCK;
    else if (bytesRead < size) return offset;
    else size *= 2;
  }
}

/** Whether a reader wants a record; `late`: it and all after it are past what was asked for. */
export function isWanted(record: LogRecord, options: LogReadOptions): 'yes' | 'no' | 'late' {
  if (options.until !== undefined && BigInt(record.time) > BigInt(options.until)) return 'late';
  if (!(record.stream === 'stdout' ? options.stdout : options.stderr)) return 'no';
  return options.since === undefined || BigInt(record.time) >= BigInt(options.since) ? 'yes' : 'no';
}
