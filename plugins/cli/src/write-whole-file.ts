import { open, rename, rm, stat } from 'node:fs/promises';
import { PassThrough, Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { CliError, UsageError } from './cli-error.ts';

/** Writes a file under another name until it is whole and on disk; compressed if it ends in `.gz` or `.zst`. What fails leaves nothing. */
export async function writeWholeFile(path: string, chunks: AsyncIterable<string | Uint8Array>): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) throw new UsageError(`${path} is a directory`, 'give the name of a file');
  const part = `${path}.part`;
  const file = await open(part, 'w').catch(notWritten(path));
  try {
    await pipeline(Readable.from(chunks), compressor(path), file.createWriteStream({ flush: true }));
    await rename(part, path).catch(notWritten(path));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function compressor(path: string): Transform {
  if (path.endsWith('.gz')) return createGzip();
  return path.endsWith('.zst') ? createZstdCompress() : new PassThrough();
}

function notWritten(path: string): (error: Error) => never {
  return (cause) => {
    throw new CliError(`${path} cannot be written: ${cause.message}`, { cause });
  };
}
