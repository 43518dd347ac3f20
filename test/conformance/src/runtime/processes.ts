import { readdir, readFile, readlink } from 'node:fs/promises';
import { errnoOf } from '@shiplog/driver-kit';

/** A process as /proc shows it. */
export interface Seen {
  readonly pid: number;
  readonly command: string;
}

/** Processes whose command line names `home`, or whose root file system is beneath it. */
export async function processesOf(home: string): Promise<readonly Seen[]> {
  const found: Seen[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (Number.isNaN(pid) || pid === process.pid) continue;
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();
    if (command.includes(home) || (await hasRoot(pid, `${home}/rootfs`))) found.push({ pid, command });
  }
  return found;
}

/** Kills them (SIGKILL). One may have ended by itself, as those of a container do with its first. */
export async function killProcessesOf(home: string): Promise<void> {
  for (const { pid } of await processesOf(home)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (errnoOf(error) !== 'ESRCH') throw error;
    }
  }
}

async function hasRoot(pid: number, rootfs: string): Promise<boolean> {
  // Most are in this one, and a table of mounts is long.
  const [theirs, own] = await Promise.all([pid, 'self'].map((name) => readlink(`/proc/${name}/ns/mnt`).catch(() => undefined)));
  return theirs !== own && (await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')).includes(`${rootfs} / `);
}

/** The uppermost process above `pid` that is none of those above this one: what watches a container. Undefined if `pid` is a child of those. */
export async function monitorOf(pid: number): Promise<number | undefined> {
  const ours = new Set(await aboveOf(process.pid)).add(process.pid);
  return (await aboveOf(pid)).filter((above) => !ours.has(above)).at(-1);
}

/** Parents, the nearest first. */
async function aboveOf(pid: number): Promise<readonly number[]> {
  const above: number[] = [];
  for (let at = await parentOf(pid); at > 0; at = await parentOf(at)) above.push(at);
  return above;
}

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}
