import { readControl, writeControl } from '@shiplog/driver-kit';
import { ShiplogError } from '@shiplog/contracts';
import { setTimeout as sleep } from 'node:timers/promises';

const TRIES = 1000;

/** Freezes the group and waits until it is frozen: a process in a call may take a moment (kernel: cgroup-v1/freezer-subsystem). */
export async function freeze(directory: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    await writeControl(`${directory}/freezer.state`, 'FROZEN');
    if ((await readControl(`${directory}/freezer.state`)) === 'FROZEN') return;
    // A fork can slip through; thawing for a moment lets the kernel see all of them.
    if (tries % 50 === 49) await writeControl(`${directory}/freezer.state`, 'THAWED');
    await sleep(tries < 10 ? 1 : 10);
  }
  await writeControl(`${directory}/freezer.state`, 'THAWED');
  throw new ShiplogError('DEADLINE_EXCEEDED', 'the processes could not be frozen; one hangs in the kernel', { directory });
}

export function thaw(directory: string): Promise<void> {
  return writeControl(`${directory}/freezer.state`, 'THAWED');
}
