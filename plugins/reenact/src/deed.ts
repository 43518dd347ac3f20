import { lstat, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostConfig } from '@shiplog/plugin-host';
import { type Owner, thisOwner } from './owner.ts';

/** Whose a private root is, and what the engine in it was made with: what another process needs to take it down. */
export interface Deed {
  readonly owner: Owner;
  readonly config: HostConfig;
}

const NAME = 'owner.json';

/** Says that a directory is this process's. */
export async function writeDeed(directory: string, config: HostConfig): Promise<void> {
  const deed: Deed = { owner: await thisOwner(), config };
  await writeFile(join(directory, NAME), JSON.stringify(deed), { mode: 0o600 });
}

/** Undefined for a directory that is not this user's alone, so that nobody's word can be taken for it, or that says nothing of the kind. */
export async function readDeed(directory: string): Promise<Deed | undefined> {
  try {
    const stats = await lstat(directory);
    if (!stats.isDirectory() || stats.uid !== process.geteuid?.() || (stats.mode & 0o077) !== 0) return undefined;
    return JSON.parse(await readFile(join(directory, NAME), 'utf8')) as Deed;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
