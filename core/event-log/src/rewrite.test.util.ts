import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';

/**
 * Puts a database in the place of a log's that was told other values, or of some keys none, from the beginning: its files hold nothing of what was
 * changed, as those of one that was written to would for a while.
 */
export async function rewriteDatabase(directory: string, change: (key: string, value: Buffer) => Buffer | undefined): Promise<void> {
  const [path, other] = [join(directory, 'db'), join(directory, 'other')];
  const from = new Level<string, Buffer>(path, { valueEncoding: 'buffer' });
  const to = new Level<string, Buffer>(other, { valueEncoding: 'buffer' });
  for await (const [key, value] of from.iterator()) {
    const changed = change(key, value);
    if (changed !== undefined) await to.put(key, changed);
  }
  await from.close();
  await to.close();
  await rm(path, { recursive: true });
  await rename(other, path);
}
