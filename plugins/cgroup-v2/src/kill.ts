import { setTimeout as sleep } from 'node:timers/promises';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf, readControlTable, throwIfAborted, writeControl, processesIn } from '@shiplog/driver-kit';
import { freeze, thaw } from './freezer.ts';

const KILL = 9;
const KILL_MS = 10_000;
/** Killing goes on without it, so it does not wait long. */
const FREEZE_TO_KILL_MS = 300;

/**
 * Kills all in the group and in groups below it, and waits until they are gone: by cgroup.kill (Linux 5.14), or one by one
 * while frozen, so that nothing forks away. The group is thawed then. Succeeds when there is none.
 * Throws DEADLINE_EXCEEDED after ten seconds, and CANCELED.
 */
export async function killGroup(directory: string, kernel: Pick<Kernel, 'processes'>, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + KILL_MS;
  for (let tries = 0; await isPopulated(directory); tries += 1) {
    throwIfAborted(signal);
    if (performance.now() > end) {
      throw new ShiplogError('DEADLINE_EXCEEDED', 'processes outlive SIGKILL; one hangs in the kernel', {
        directory,
        pids: (await processesIn(directory)).join(' '),
      });
    }
    if (!(await killAtOnce(directory))) await killEach(directory, kernel);
    await sleep(tries < 10 ? 2 : 20);
  }
  await thaw(directory);
}

/** Unlike a list of pids, this knows of processes that this pid namespace cannot see. */
async function isPopulated(directory: string): Promise<boolean> {
  return (await readControlTable(`${directory}/cgroup.events`))['populated'] === 1;
}

/** False if this kernel has no such file, or the group is threaded. */
async function killAtOnce(directory: string): Promise<boolean> {
  try {
    await writeControl(`${directory}/cgroup.kill`, 1);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENODEV', 'EOPNOTSUPP'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

/** One round for kernels without cgroup.kill: what forks away is found by the next. Leaves the group frozen. */
export async function killEach(directory: string, kernel: Pick<Kernel, 'processes'>): Promise<void> {
  try {
    await freeze(directory, { waitMs: FREEZE_TO_KILL_MS });
  } catch (error) {
    // It can be killed without.
    if (!(error instanceof ShiplogError)) throw error;
  }
  for (const pid of await processesIn(directory)) await kernel.processes.kill(pid, KILL);
}
