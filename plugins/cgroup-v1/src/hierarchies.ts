import { readFile } from 'node:fs/promises';

/** Where each v1 controller is mounted, by name. `systemd` is the named hierarchy without controllers. */
export type Hierarchies = ReadonlyMap<string, string>;

/** Reads the mounted v1 hierarchies from a mountinfo file (proc(5)): of each the first mount that shows all of it. */
export async function hierarchies(mountinfo = '/proc/self/mountinfo'): Promise<Hierarchies> {
  const found = new Map<string, string>();
  for (const line of (await readFile(mountinfo, 'utf8')).split('\n')) {
    const [before, after] = line.split(' - ');
    const [, , , root, target] = before?.split(' ') ?? [];
    const [type, , options] = after?.split(' ') ?? [];
    if (type !== 'cgroup' || root !== '/' || target === undefined || options === undefined) continue;
    for (const option of options.split(',')) {
      const name = option.startsWith('name=') ? option.slice('name='.length) : option;
      if (!WORDS.has(name) && !name.includes('=') && !found.has(name)) found.set(name, unescape(target));
    }
  }
  return found;
}

/** Mount options that are no controller. */
const WORDS = new Set(['rw', 'ro', 'none', 'noprefix', 'clone_children', 'cpuset_v2_mode', 'xattr', 'favordynmods', 'nofavordynmods']);

/** Blanks stand as `\040`. */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
