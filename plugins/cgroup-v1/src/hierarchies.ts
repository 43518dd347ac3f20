import { readFile } from 'node:fs/promises';

/** Where each v1 controller is mounted, by name. `systemd` is the named hierarchy without controllers. */
export type Hierarchies = ReadonlyMap<string, string>;

/** Reads the mounted v1 hierarchies from a mountinfo file (proc(5)). */
export async function hierarchies(mountinfo = '/proc/self/mountinfo'): Promise<Hierarchies> {
  const found = new Map<string, string>();
  for (const line of (await readFile(mountinfo, 'utf8')).split('\n')) {
    const [before, after] = line.split(' - ');
    const target = before?.split(' ')[4];
    const [type, , options] = after?.split(' ') ?? [];
    if (type !== 'cgroup' || target === undefined || options === undefined) continue;
    for (const option of options.split(',')) {
      if (option.startsWith('name=')) found.set(option.slice('name='.length), target);
      else if (option !== 'rw' && option !== 'ro' && !found.has(option)) found.set(option, target);
    }
  }
  return found;
}
