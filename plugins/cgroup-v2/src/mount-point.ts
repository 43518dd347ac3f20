import { readFile } from 'node:fs/promises';

const USUAL = '/sys/fs/cgroup';

/** Where the unified hierarchy is mounted, from a mountinfo file (proc(5)): the usual place before others, undefined if nowhere. */
export async function mountPoint(mountinfo = '/proc/self/mountinfo'): Promise<string | undefined> {
  const found: string[] = [];
  for (const line of (await readFile(mountinfo, 'utf8')).split('\n')) {
    const [before, after] = line.split(' - ');
    const target = before?.split(' ')[4];
    // Blanks stand as `\040`.
    if (target !== undefined && after?.startsWith('cgroup2 ') === true)
      found.push(target.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
  }
  return found.find((target) => target === USUAL) ?? found[0];
}
