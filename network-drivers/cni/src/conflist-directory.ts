import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { namesIn } from '@shiplog/driver-kit';
import { type Conflist, parseConflist } from './conflist.ts';

/** The network's option that names its list. */
export const CONFLIST = 'cni.conflist';

/**
 * The list in `directory` that a network's options name: by its `name`, as other runtimes do, whatever its file is called. Of two lists of one
 * name, the one whose file comes first is meant. Throws REQUEST_INVALID, which says what is there.
 */
export async function readConflist(directory: string, options: { readonly [name: string]: string }): Promise<Conflist> {
  const asked = options[CONFLIST] ?? '';
  const known: string[] = [];
  const unread: string[] = [];
  for (const file of (await namesIn(directory)).filter((name) => name.endsWith('.conflist')).toSorted()) {
    try {
      const list = parseConflist(await readFile(join(directory, file), 'utf8'));
      if (list.name === asked) return list;
      known.push(list.name);
    } catch (error) {
      unread.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const there = [known.length === 0 ? `there is none in ${directory}` : `there are ${known.join(', ')}`, ...unread].join('; ');
  const what = asked === '' ? `a CNI network needs the option ${CONFLIST}=NAME` : `there is no CNI configuration list '${asked}'`;
  throw new ShiplogError('REQUEST_INVALID', `${what}; ${there}`, { conflist: asked, directory });
}
