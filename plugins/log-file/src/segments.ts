import { createReadStream, createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { errnoOf, namesIn } from '@shiplog/driver-kit';

/** Rotated files stand beside the one that is written: `<path>.1` is the youngest; with compression `<path>.1.gz`. */
export async function rotated(path: string, most: number): Promise<readonly string[]> {
  const base = `${basename(path)}.`;
  // Which there are is read off the directory: asking for each number would take most of a short container's removal.
  const numbers = (await namesIn(dirname(path)))
    .filter((name) => name.startsWith(base))
    .map((name) => Number(/^(\d+)(?:\.gz)?$/.exec(name.slice(base.length))?.[1] ?? 0))
    .filter((number) => number >= 1 && number <= most);
  const found: string[] = [];
  for (const number of [...new Set(numbers)].toSorted((a, b) => a - b)) {
    const name = await segment(path, number);
    if (name !== undefined) found.push(name);
  }
  return found;
}

/**
 * Moves every rotated file one number up and makes `path` the first of `keep`; the oldest goes where all numbers are taken. May be
 * repeated after a crash at any point: it goes on at the first number that is free.
 */
export async function shift(path: string, keep: number): Promise<void> {
  if (keep < 1) return rm(path, { force: true });
  let free = 1;
  while (free <= keep && (await segment(path, free)) !== undefined) free += 1;
  if (free > keep) {
    free = keep;
    await rm(`${path}.${keep}`, { force: true });
    await rm(`${path}.${keep}.gz`, { force: true });
  }
  for (let number = free - 1; number >= 1; number -= 1) {
    const name = await segment(path, number);
    if (name !== undefined) await rename(name, `${path}.${number + 1}${name.endsWith('.gz') ? '.gz' : ''}`);
  }
  await rename(path, `${path}.1`).catch(ignoreMissing);
}

/** Compresses `<path>.1` beside it, unless there is none; false if there is none. */
export async function packYoungest(path: string): Promise<boolean> {
  const plain = `${path}.1`;
  if (!(await exists(plain))) return false;
  await pipeline(createReadStream(plain), createGzip(), createWriteStream(`${plain}.gz.new`, { mode: 0o640 }));
  return true;
}

/** Puts what {@link packYoungest} made in the place of `<path>.1`. */
export async function takePacked(path: string): Promise<void> {
  await rename(`${path}.1.gz.new`, `${path}.1.gz`);
  await rm(`${path}.1`, { force: true });
}

/** Deletes all files of a log. */
export async function removeSegments(path: string, most: number): Promise<void> {
  await rm(path, { force: true });
  for (const name of await rotated(path, most)) await rm(name, { force: true });
  await rm(`${path}.1.gz.new`, { force: true });
}

/** The compressed one counts where a crash left both. */
async function segment(path: string, number: number): Promise<string | undefined> {
  const [plain, packed] = [`${path}.${number}`, `${path}.${number}.gz`];
  if (await exists(packed)) {
    await rm(plain, { force: true });
    return packed;
  }
  return (await exists(plain)) ? plain : undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: unknown) => ignoreMissing(error) ?? false,
  );
}

function ignoreMissing(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}
