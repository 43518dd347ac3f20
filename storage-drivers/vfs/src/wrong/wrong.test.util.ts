import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageDriver } from '@shiplog/contracts';
import { createKernel } from '@shiplog/kernel-linux';
import type { WrongDriver } from '@shiplog/test-support';

export const kernel = createKernel();

export interface Host {
  readonly stateDir: string;
  /** What drivers of one host remember together. */
  readonly memory: Map<string, unknown>;
}

/** A driver's verbs instead of the right ones. */
export type Wrong = (right: StorageDriver, host: Host) => Partial<StorageDriver>;

/** By the check that catches it. */
export type WrongDrivers = { readonly [check: string]: WrongDriver<Wrong> };

/** Does something to each tree when it is shown. */
export const shown =
  (spoil: (path: string, stats: Stats) => Promise<unknown>): Wrong =>
  (right) => ({
    async mount(args, ctx) {
      const answer = await right.mount(args, ctx);
      for (const path of ['.', ...(await readdir(args.target, { recursive: true }))].toReversed()) {
        const full = join(args.target, path);
        await spoil(full, await lstat(full));
      }
      return answer;
    },
  });

/** Trees of all snapshots but `key`. */
export async function othersThan(key: string, { stateDir }: Host): Promise<readonly string[]> {
  const found: string[] = [];
  for (const kind of ['layers', 'active'])
    for (const name of await readdir(join(stateDir, kind))) if (name !== key) found.push(join(stateDir, kind, name, 'tree'));
  return found;
}
