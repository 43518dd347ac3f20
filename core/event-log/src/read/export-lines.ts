import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { ShiplogError } from '@shiplog/contracts';
import { linesOf } from '@shiplog/contracts/lines';

/** First bytes of compressed files (RFC 1952, RFC 8878), and what reads them. */
const FORMATS: readonly { readonly magic: readonly number[]; readonly decompress: () => Transform }[] = [
  { magic: [0x1f, 0x8b], decompress: createGunzip },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], decompress: createZstdDecompress },
];

/**
 * The lines of an export that are not blank, and their numbers from 1 on. The file is plain, gzip or zstd, whatever its name. Throws
 * REQUEST_INVALID where a compressed one is cut or damaged.
 */
export async function* exportLines(path: string): AsyncGenerator<readonly [line: string, number: number]> {
  let number = 0;
  try {
    for await (const line of linesOf(await decompressed(path))) {
      number += 1;
      if (line.trim() !== '') yield [line, number];
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && /^(?:Z_|ZSTD_)/.test(String(error.code)))) throw error;
    const message = `${path} is cut or damaged after line ${number}: ${error.message}`;
    throw new ShiplogError('REQUEST_INVALID', message, { path, line: number }, { cause: error });
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
