import { setTimeout as sleep } from 'node:timers/promises';
import { ShiplogError } from '@shiplog/contracts';
import { readControl, throwIfAborted, writeControl } from '@shiplog/driver-kit';

const FREEZE_MS = 10_000;

/**
 * Freezes the group and waits until it is frozen: a process in a call may take a moment (kernel: cgroup-v1/freezer-subsystem).
 * Throws DEADLINE_EXCEEDED after `waitMs`, and CANCELED; the group is thawed then.
 */
export async function freeze(
  directory: string,
  { waitMs = FREEZE_MS, signal }: { readonly waitMs?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const state = `${directory}/freezer.state`;
  const end = performance.now() + waitMs;
  try {
    for (let tries = 1; ; tries += 1) {
      await writeControl(state, 'FROZEN');
      if ((await readControl(state)) === 'FROZEN') return;
      throwIfAborted(signal);
      if (performance.now() > end)
        throw new ShiplogError('DEADLINE_EXCEEDED', 'the processes could not be frozen; one hangs in the kernel', { directory });
      // A fork can slip through; thawing for a moment lets the kernel see all of them.
      if (tries % 50 === 0) await writeControl(state, 'THAWED');
      await sleep(tries < 10 ? 1 : 10);
    }
  } catch (error) {
    await thaw(directory);
    throw error;
  }
}

/** Lets the group run. Succeeds when there is none. */
export async function thaw(directory: string): Promise<void> {
  const state = `${directory}/freezer.state`;
  if ((await readControl(state)) === '') return;
  try {
    await writeControl(state, 'THAWED');
  } catch (error) {
    // Removed in between.
    if ((await readControl(state)) !== '') throw error;
  }
}
