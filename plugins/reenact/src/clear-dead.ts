import { appendFileSync, existsSync } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, MODULES, tearDown } from '@shiplog/daemon';
import { compose } from '@shiplog/plugin-host';
import { ShiplogError } from '@shiplog/contracts';
import { type Deed, readDeed } from './deed.ts';
import { fateOf } from './owner.ts';
import { GONE, PREFIX, removeDirectory, unmount } from './scratch.ts';

/**
 * Removes what re-enactments left that were killed: their private roots below the system's temporary directory, and all that these engines had on the
 * host. Leaves alone whatever is not certainly theirs. `noted` is told what was removed, and what could not be, which stays.
 */
export async function clearDead(noted: (line: string) => void): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(tmpdir(), name);
    try {
      if (await clear(directory)) noted(`removed ${directory}, which a re-enactment left that was killed`);
    } catch (error) {
      if (!isOthers(error))
        noted(`not removed: ${directory}, which a re-enactment left that was killed: ${ShiplogError.wrap(error).message}`);
    }
  }
}

async function clear(directory: string): Promise<boolean> {
  if (directory.endsWith(GONE)) {
    const { uid } = await lstat(directory);
    if (uid !== process.geteuid?.()) return false;
  } else {
    const deed = await readDeed(directory);
    const fate = deed && (await fateOf(deed.owner));
    if (deed === undefined || fate === undefined) return false;
    const root = join(directory, 'root');
    if (fate === 'dead' && existsSync(join(root, 'engine-id'))) await takeDown(directory, root, deed);
    if ((await mountsBelow(directory)).includes(root)) await unmount(root);
  }
  const [mounted] = await mountsBelow(directory);
  if (mounted !== undefined) throw new ShiplogError('HOST_UNSUITABLE', `${mounted} is still mounted: unmount it`, { path: mounted });
  await removeDirectory(directory);
  return true;
}

/**
 * Its own engine knows best what it has: it starts again, recovers, and removes all of it. Networks of its own that it has not made yet get ids of their own:
 * one that was being made has used the id that was given.
 */
async function takeDown(directory: string, root: string, deed: Deed): Promise<void> {
  const { networkIds: _, ...config } = deed.config;
  const logger = createLogger('info', (line) => appendFileSync(join(directory, 'engine.log'), line));
  const host = await compose({ ...config, root, run: join(directory, 'run') }, logger, MODULES);
  await tearDown(host, [], logger);
}

async function mountsBelow(directory: string): Promise<readonly string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const targets = lines.map((line) =>
    (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
  );
  return targets.filter((target) => target.startsWith(`${directory}/`));
}

/** Somebody else removes it, or has. */
function isOthers(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'ENGINE_LOCKED' || code === 'ENOENT';
}
