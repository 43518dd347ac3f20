import { readdir, readFile } from 'node:fs/promises';

/** Proportional set size of a process and its descendants, in bytes (proc(5), smaps_rollup). */
export async function memoryOf(pid: number): Promise<number> {
  const children = new Map<number, number[]>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const all = [pid];
  for (const one of all) all.push(...(children.get(one) ?? []));
  return (await Promise.all(all.map(pss))).reduce((sum, bytes) => sum + bytes, 0);
}

/** Proportional set size of every process whose command line has all of `words`. */
export async function memoryOfMatching(words: readonly string[]): Promise<number> {
  let sum = 0;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (line !== '' && words.every((word) => line.includes(word))) sum += await pss(Number(name));
  }
  return sum;
}

async function pss(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
}
