import { readFile } from 'node:fs/promises';

/** Where each v1 controller is mounted, by name. `systemd` is the named hierarchy without controllers. */
export type Hierarchies = ReadonlyMap<string, string>;

/** Reads the mounted v1 hierarchies from a mountinfo file (proc(5)): of each the first mount that shows all of it. */
export async function hierarchies(mountinfo = MOUNTINFO): Promise<Hierarchies> {
  const found = new Map<string, string>();
  for (const { options, target } of await wholeMounts(mountinfo, 'cgroup')) {
    for (const option of options) {
      const name = option.startsWith('name=') ? option.slice('name='.length) : option;
      if (!WORDS.has(name) && !name.includes('=') && !found.has(name)) found.set(name, target);
    }
  }
  return found;
}

/** Where a hybrid host has its unified hierarchy; undefined where there is none. */
export async function unifiedHierarchy(mountinfo = MOUNTINFO): Promise<string | undefined> {
  return (await wholeMounts(mountinfo, 'cgroup2'))[0]?.target;
}

const MOUNTINFO = '/proc/self/mountinfo';

interface Mount {
  readonly target: string;
  readonly options: readonly string[];
}

/** Mounts of a type that show all of what is mounted. */
async function wholeMounts(mountinfo: string, wanted: string): Promise<readonly Mount[]> {
  return (await readFile(mountinfo, 'utf8')).split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , , root, target] = before?.split(' ') ?? [];
    const [type, , options] = after?.split(' ') ?? [];
    if (type !== wanted || root !== '/' || target === undefined || options === undefined) return [];
    return [{ target: unescape(target), options: options.split(',') }];
  });
}

/** Mount options that are no controller. */
const WORDS = new Set(['rw', 'ro', 'none', 'noprefix', 'clone_children', 'cpuset_v2_mode', 'xattr', 'favordynmods', 'nofavordynmods']);

/** Blanks stand as `\040`. */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
