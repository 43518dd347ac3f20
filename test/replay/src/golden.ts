import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Change } from '@shiplog/replay';

/** Where the logs of all releases are: a directory each. */
export const GOLDEN = fileURLToPath(new URL('../golden/', import.meta.url));

/** What a golden log is known to lead to. */
export interface Expected {
  readonly events: number;
  /** State hash by position. Made anew when the shape of the state changes, which events never do. */
  readonly hashes: { readonly [seq: string]: string };
  /** Where its pruned copy begins. */
  readonly first: number;
  /** Commands that a later release decides otherwise on purpose, each with the reason. Empty in the release itself. */
  readonly differences: readonly { readonly seq: number; readonly why: string; readonly changes: readonly Change[] }[];
}

/** A golden log by release. */
export interface Golden {
  readonly release: string;
  readonly log: string;
  /** A log directory with the same events, and what stands for those before {@link Expected.first}. To be copied: LevelDB rewrites what it opens. */
  readonly pruned: string;
  readonly expected: Expected;
}

/** All golden logs, the oldest first. */
export async function goldenLogs(): Promise<readonly Golden[]> {
  const releases = (await readdir(GOLDEN)).toSorted();
  return Promise.all(
    releases.map(async (release) => ({
      release,
      log: join(GOLDEN, release, 'events.jsonl.gz'),
      pruned: join(GOLDEN, release, 'pruned'),
      expected: JSON.parse(await readFile(join(GOLDEN, release, 'expected.json'), 'utf8')),
    })),
  );
}
