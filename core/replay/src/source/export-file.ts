import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type LogBoundary, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';

const NEWLINE = 0x0a;

/** First bytes of compressed files (RFC 1952, RFC 8878), and what reads them. */
const FORMATS: readonly { readonly magic: readonly number[]; readonly decompress: () => Transform }[] = [
  { magic: [0x1f, 0x8b], decompress: createGunzip },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], decompress: createZstdDecompress },
];

/** Events of an export, one JSON object a line, and what stands for pruned ones. Empty lines are passed over. Throws REQUEST_INVALID, naming the line. */
export async function* readExport(path: string): AsyncGenerator<ShiplogEvent | LogBoundary> {
  let number = 0;
  try {
    for await (const line of lines(await decompressed(path))) {
      number += 1;
      if (line.trim() !== '') yield parseLine(line, path, number);
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && /^(?:Z_|ZSTD_)/.test(String(error.code)))) throw error;
    throw new ShiplogError(
      'REQUEST_INVALID',
      `${path} is cut or damaged after line ${number}: ${error.message}`,
      { path, line: number },
      { cause: error },
    );
  }
}

async function decompressed(path: string): Promise<Readable> {
  const file = await open(path);
  const head = Buffer.alloc(4);
  await file.read(head, 0, head.length, 0).finally(() => file.close());
  const source = createReadStream(path, { highWaterMark: 1 << 20 });
  const format = FORMATS.find(({ magic }) => magic.every((byte, index) => head[index] === byte));
  // What breaks one end breaks the other, whose reader then throws.
  return format === undefined ? source : pipeline(source, format.decompress(), () => undefined);
}

async function* lines(source: Readable): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const line = chunk.subarray(from, end);
      yield (rest.length === 0 ? line : Buffer.concat([...rest, line])).toString('utf8');
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8');
}

function parseLine(line: string, path: string, number: number): ShiplogEvent | LogBoundary {
  const wrong = (problem: string, cause?: unknown): ShiplogError =>
    new ShiplogError(
      'REQUEST_INVALID',
      `line ${number} of ${path} ${problem}; a log is exported with \`shiplog log export\``,
      { path, line: number },
      { cause },
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw wrong('is not JSON', error);
  }
  if (typeof parsed !== 'object' || parsed === null) throw wrong('is no event');
  const event = parsed as { readonly [field: string]: unknown };
  if (event['kind'] === 'boundary') {
    const { first, state } = event;
    if (!Number.isSafeInteger(first) || typeof state !== 'object' || state === null) throw wrong('is no boundary');
  } else if (!Number.isSafeInteger(event['seq']) || typeof event['type'] !== 'string') throw wrong('is no event');
  if (event['v'] !== 1)
    throw new ShiplogError(
      'LOG_TOO_NEW',
      `line ${number} of ${path} has envelope version ${String(event['v'])}, and this release reads 1`,
      {
        path,
      },
    );
  // What later code needs of it; the rest was checked by the engine that wrote it.
  return parsed as ShiplogEvent | LogBoundary;
}
