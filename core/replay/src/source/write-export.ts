import { createWriteStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { canonicalJson } from '@shiplog/event-log';
import type { LogBoundary, ShiplogEvent } from '@shiplog/contracts';

/** Writes events as an export, and before them what stands for pruned ones, if they do not begin at 0: one canonical JSON object a line; gzip or zstd for a name that ends with `.gz` or `.zst`. Replaces a file. */
export async function writeExport(path: string, events: Iterable<ShiplogEvent>, boundary?: LogBoundary): Promise<void> {
  const compress = path.endsWith('.gz') ? createGzip() : path.endsWith('.zst') ? createZstdCompress() : new PassThrough();
  await pipeline(Readable.from(lines(boundary, events)), compress, createWriteStream(path));
}

/** Some lines at a time: a stream handles chunks, and a line is a small one. */
function* lines(boundary: LogBoundary | undefined, events: Iterable<ShiplogEvent>): Generator<string> {
  let chunk: string[] = boundary === undefined ? [] : [canonicalJson(boundary)];
  for (const event of events) {
    if (chunk.push(canonicalJson(event)) < 256) continue;
    yield `${chunk.join('\n')}\n`;
    chunk = [];
  }
  if (chunk.length > 0) yield `${chunk.join('\n')}\n`;
}
