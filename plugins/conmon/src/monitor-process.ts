import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';

/** A file that is locked while a monitor's process is made. */
const BEGINS = 'begins';

/** Pid of the monitor whose directory this is; 0 if it has not written it. */
function monitorPid(directory: string): number {
  try {
    return Number(readFileSync(`${directory}/monitor-pid`, 'utf8')) || 0;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** True while `pid` is a monitor of this very container or exec session: its command line says so. A zombie has none. */
async function isMonitor(pid: number, id: string): Promise<boolean> {
  if (pid === 0) return false;
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  return words[words.indexOf('--cuuid') + 1] === id;
}

/** True while the monitor lives that was started in `directory`. */
export async function monitorLives(directory: string, id: string): Promise<boolean> {
  return isMonitor(monitorPid(directory), id);
}

/** Pids of the monitor that was started in `directory`. One that has not written its pid yet is looked for. */
async function monitorPids(directory: string, id: string): Promise<readonly number[]> {
  const written = monitorPid(directory);
  if (written !== 0) return (await isMonitor(written, id)) ? [written] : [];
  return existsSync(directory) ? allMonitorPids(id) : [];
}

/** Every process with the monitor's command line: itself, and what it forks until that runs something else. */
async function allMonitorPids(id: string): Promise<readonly number[]> {
  const found = await processesWhere((pid) => isMonitor(pid, id));
  // Of one that forks and ends between the list and the look at it, only the next list has the child.
  return found.length > 0 ? found : processesWhere((pid) => isMonitor(pid, id));
}

async function processesWhere(holds: (pid: number) => Promise<boolean>): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await holds(pid)) ? [pid] : [])));
  return found.flat();
}

/**
 * Makes a monitor's process in `directory`. Until that runs the monitor, nothing but this tells what it is: first it has the lock that
 * its maker holds meanwhile, also when the maker is killed; then it stands in the directory.
 */
export async function beginMonitor<R>(kernel: Kernel, directory: string, spawn: () => Promise<R>): Promise<R> {
  const lock = await kernel.processes.lock(join(directory, BEGINS));
  if (lock === undefined) throw new ShiplogError('RUNTIME_FAILED', `a monitor is begun in ${directory} already`, { directory });
  try {
    return await spawn();
  } finally {
    await lock.release();
  }
}

/** Waits for a process that an engine which was killed made in `directory`, until it runs the monitor. One that merely stands there is not waited for long. */
async function begun(kernel: Kernel, directory: string, id: string): Promise<void> {
  if (!existsSync(join(directory, BEGINS))) return;
  const stands = statSync(directory, { throwIfNoEntry: false });
  if (stands === undefined) return;
  const { dev, ino } = stands;
  const mayBegin = async (pid: number): Promise<boolean> => {
    const there = await stat(`/proc/${pid}/cwd`).catch(() => undefined);
    return there?.dev === dev && there.ino === ino && !(await isMonitor(pid, id));
  };
  for (let tries = 0; tries < 100; tries += 1) {
    const free = await isFree(kernel, join(directory, BEGINS));
    if (free && (await processesWhere(mayBegin)).length === 0) return;
    await sleep(10);
  }
}

/** Whether nobody has the lock. With its directory it may go at any moment: who made that found that nothing is to begin, and took it away. */
async function isFree(kernel: Kernel, path: string): Promise<boolean> {
  try {
    const lock = await kernel.processes.lock(path);
    await lock?.release();
    return lock !== undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    throw error;
  }
}

/**
 * A monitor ends soon after its process. One that does not, or whose process was never started (`idle`), is killed, what it waits for
 * first: a runtime left at work would make what is removed anew.
 */
export async function endMonitor(kernel: Kernel, directory: string, id: string, idle = false): Promise<void> {
  if (monitorPid(directory) === 0) await begun(kernel, directory, id);
  for (let tries = 0; ; tries += 1) {
    // Looked for anew each time: one that has just begun forks before it writes its pid.
    // The idle one has forked a process that waits like itself, and that does not always end with it.
    const left = await (idle ? allMonitorPids(id) : monitorPids(directory, id));
    if (left.length === 0) return;
    if (tries > 200) throw new ShiplogError('RUNTIME_FAILED', `the monitor of ${id} does not end`, { id });
    if (tries === 100) for (const pid of left) await killChildren(kernel, pid);
    if (idle || tries === 150) for (const pid of left) await kernel.processes.kill(pid, 9);
    await sleep(tries < 20 ? 1 : 20);
  }
}

async function killChildren(kernel: Kernel, pid: number): Promise<void> {
  // proc(5): the children of the one thread it has while it waits.
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  for (const child of children.split(' ').filter((word) => word !== '')) await kernel.processes.kill(Number(child), 9);
}

/** Kills the runtime that a monitor waits for, until `ended`: the monitor says so, and ends. */
export async function interruptMonitor(kernel: Kernel, directory: string, id: string, ended: AbortSignal): Promise<void> {
  // More than once: it may not have been there yet.
  while (!ended.aborted) {
    for (const pid of await monitorPids(directory, id)) await killChildren(kernel, pid);
    await sleep(10);
  }
}
