import { access, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LogBoundary, type ShiplogEvent, ShiplogError, type StoredState } from '@shiplog/contracts';
import { openLevelLog } from '@shiplog/event-log';
import { copyLog } from './copy-log.ts';

/** The log directory that `path` is, or, as an engine's root, has. Throws REQUEST_INVALID. */
export async function findLogDirectory(path: string): Promise<string> {
  for (const directory of [path, join(path, 'log')]) {
    const there = await access(join(directory, 'db')).then(
      () => true,
      () => false,
    );
    if (there) return directory;
  }
  throw new ShiplogError('REQUEST_INVALID', `${path} is no log: give an engine's root or its log directory, which has a directory db`, {
    path,
  });
}

/** Events of a log directory, read from a copy: LevelDB rewrites files when it opens a database. */
export async function* readLogDirectory(directory: string): AsyncGenerator<ShiplogEvent | LogBoundary> {
  if (await isOpen(join(directory, 'db', 'LOCK'))) {
    throw new ShiplogError(
      'ENGINE_LOCKED',
      `an engine writes to ${directory}, so a copy would be torn: stop it, or read through it (leave the source away)`,
      { directory },
    );
  }
  const scratch = await mkdtemp(join(tmpdir(), 'shiplog-replay-'));
  try {
    const copy = join(scratch, 'log');
    await copyLog(directory, copy);
    const log = await openLevelLog({ directory: copy, boot: '', inst: '' });
    try {
      const boundary = await log.boundary();
      if (boundary !== undefined) {
        const state: StoredState = JSON.parse(Buffer.from(boundary.state).toString('utf8'));
        yield { v: 1, kind: 'boundary', first: boundary.seq + 1, state };
      }
      yield* log.read();
    } finally {
      await log.close();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Whether some process holds a lock on the file, as far as this system says (proc_locks(5)). */
async function isOpen(lock: string): Promise<boolean> {
  try {
    const [{ ino, dev }, locks] = await Promise.all([stat(lock), readFile('/proc/locks', 'utf8')]);
    const id = `${hex(major(dev))}:${hex(minor(dev))}:${ino}`;
    return locks.split('\n').some((line) => line.split(/\s+/).includes(id));
  } catch {
    // No such system, or no such file: a copied log may have come without it.
    return false;
  }
}

const hex = (number: number): string => number.toString(16).padStart(2, '0');

/** Parts of a device number as Linux packs them (makedev(3)). */
const major = (dev: number): number => (dev >>> 8) & 0xfff;
const minor = (dev: number): number => (dev & 0xff) | ((dev >>> 12) & 0xfff00);
