import { readFile } from 'node:fs/promises';

/** What the daemon gives Node: the file its own command reads. */
const FILE = new URL('../../../../plugins/daemon/bin/node-options', import.meta.url);

/** Options for Node that the daemon runs with. */
export async function daemonOptions(): Promise<readonly string[]> {
  const options = (await readFile(FILE, 'utf8')).split(/\s+/).filter((option) => option !== '');
  if (options.length === 0 || options.some((option) => !option.startsWith('--')))
    throw new Error(`${FILE.pathname} has no options for Node`);
  return options;
}
