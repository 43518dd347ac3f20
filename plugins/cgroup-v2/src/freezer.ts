import { setTimeout as sleep } from 'node:timers/promises';
import { ShiplogError } from '@shiplog/contracts';
import { readControl, readControlTable, throwIfAborted, writeControl } from '@shiplog/driver-kit';

const FREEZE_MS = 10_000;

/**
 * Freezes the group and all groups in it, and waits until they are frozen (kernel: cgroup-v2, cgroup.freeze).
 * Throws DEADLINE_EXCEEDED after `waitMs`, and CANCELED; the group is thawed then.
 */
export async function freeze(
  directory: string,
  { waitMs = FREEZE_MS, signal }: { readonly waitMs?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const end = performance.now() + waitMs;
  await writeControl(`${directory}/cgroup.freeze`, 1);
  try {
    for (let tries = 0; (await readControlTable(`${directory}/cgroup.events`))['frozen'] !== 1; tries += 1) {
      throwIfAborted(signal);
      if (performance.now() > end)
        throw new ShiplogError('DEADLINE_EXCEEDED', 'the processes could not be frozen; one hangs in the kernel', { directory });
      await sleep(tries < 10 ? 1 : 10);
    }
  } catch (error) {
    await thaw(directory);
    throw error;
  }
}

/** Lets the group run. Succeeds when there is none. */
export async function thaw(directory: string): Promise<void> {
  const file = `${directory}/cgroup.freeze`;
  if ((await readControl(file)) === '') return;
  try {
    await writeControl(file, 0);
  } catch (error) {
    // Removed in between.
    if ((await readControl(file)) !== '') throw error;
  }
}
