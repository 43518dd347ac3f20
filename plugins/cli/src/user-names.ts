import { readFile } from 'node:fs/promises';

/** User names of this machine, by uid (passwd(5)); none where there is no such file. */
export async function userNames(path = '/etc/passwd'): Promise<ReadonlyMap<number, string>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':');
    // Of several names of one number, the first counts, as for getpwuid(3).
    if (name !== undefined && uid !== undefined && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}
