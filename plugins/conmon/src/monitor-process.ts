import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';

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
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await isMonitor(pid, id)) ? [pid] : [])));
  return found.flat();
}

/** A monitor ends soon after its process. One that does not, or whose process was never started (`idle`), is killed. */
export async function endMonitor(kernel: Kernel, directory: string, id: string, idle = false): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    // Looked for anew each time: one that has just begun forks before it writes its pid.
    // The idle one has forked a process that waits like itself, and that does not always end with it.
    const left = await (idle ? allMonitorPids(id) : monitorPids(directory, id));
    if (left.length === 0) return;
    if (tries > 200) throw new ShiplogError('RUNTIME_FAILED', `the monitor of ${id} does not end`, { id });
    if (idle || tries === 100) for (const pid of left) await kernel.processes.kill(pid, 9);
    await sleep(tries < 20 ? 1 : 20);
  }
}

/** Kills the runtime that a monitor waits for, until `ended`: the monitor says so, and ends. */
export async function interruptMonitor(kernel: Kernel, directory: string, id: string, ended: AbortSignal): Promise<void> {
  // More than once: it may not have been there yet.
  while (!ended.aborted) {
    for (const pid of await monitorPids(directory, id)) {
      // proc(5): the children of the one thread it has while it waits.
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
      for (const child of children.split(' ').filter((word) => word !== '')) await kernel.processes.kill(Number(child), 9);
    }
    await sleep(10);
  }
}
