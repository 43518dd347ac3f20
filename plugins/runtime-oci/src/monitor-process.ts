import { readdir, readFile } from 'node:fs/promises';
import { pathExists } from '@shiplog/driver-kit';

/** Pid of the monitor whose directory this is; 0 if it has not written it. */
async function monitorPid(directory: string): Promise<number> {
  return Number(await readFile(`${directory}/monitor-pid`, 'utf8').catch(() => '0')) || 0;
}

/** True while `pid` is a monitor of this very container or exec session: its command line says so. A zombie has none. */
export async function isMonitor(pid: number, id: string): Promise<boolean> {
  if (pid === 0) return false;
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  return words[words.indexOf('--cuuid') + 1] === id;
}

/** True while the monitor lives that was started in `directory`. */
export async function monitorLives(directory: string, id: string): Promise<boolean> {
  return isMonitor(await monitorPid(directory), id);
}

/** Pids of the monitor that was started in `directory`. One that has not written its pid yet is looked for. */
export async function monitorPids(directory: string, id: string): Promise<readonly number[]> {
  const written = await monitorPid(directory);
  if (written !== 0) return [written];
  if (!(await pathExists(directory))) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await isMonitor(pid, id)) ? [pid] : [])));
  return found.flat();
}
