import { ShiplogError } from '@shiplog/contracts';
import { readControlNumber, writeControl, attemptLimit, type CgroupController } from '@shiplog/driver-kit';

/**
 * Memory, swap and protected memory (kernel: cgroup-v2, Memory). 0 sets nothing, as in Docker's API. The contract's
 * `memorySwapBytes` counts both together; the kernel's memory.swap.max counts swap alone and stays when only memory changes.
 */
export const memory: CgroupController = {
  name: 'memory',
  limits: ['memoryBytes', 'memorySwapBytes', 'memoryReservationBytes', 'memorySwappiness', 'oomKillDisable'],
  async setLimits(directory, limits) {
    const { memoryBytes = 0, memorySwapBytes = 0, memoryReservationBytes = 0, memorySwappiness = -1, oomKillDisable = false } = limits;
    const unset: string[] = [];
    const set = async (limit: string, file: string, value: number | string): Promise<void> => {
      unset.push(...(await attemptLimit(limit, () => writeControl(`${directory}/${file}`, value))));
    };
    const swap =
      memorySwapBytes === 0
        ? undefined
        : swapAlone(memorySwapBytes, memoryBytes === 0 ? await readControlNumber(`${directory}/memory.max`) : memoryBytes);
    if (memoryBytes !== 0) await set('memory', 'memory.max', memoryBytes === -1 ? 'max' : memoryBytes);
    if (swap !== undefined) await set('memory swap', 'memory.swap.max', swap);
    if (memoryReservationBytes !== 0) await set('memory reservation', 'memory.low', memoryReservationBytes);
    if (memorySwappiness >= 0) unset.push('memory swappiness: the unified hierarchy does not have it');
    if (oomKillDisable) unset.push('oom kill disable: the unified hierarchy does not have it');
    return unset;
  },
};

/** Swap alone, in bytes, from memory and swap together. Throws SPEC_INVALID if that leaves less than none. */
export function swapAlone(memoryAndSwap: number, memoryBytes: number): number | 'max' {
  if (memoryAndSwap === -1) return 'max';
  if (memoryBytes <= 0) throw new ShiplogError('SPEC_INVALID', 'a limit of memory with swap needs a limit of memory', { memoryAndSwap });
  if (memoryAndSwap < memoryBytes) {
    throw new ShiplogError('SPEC_INVALID', `memory with swap (${memoryAndSwap}) may not be less than memory (${memoryBytes})`, {
      memoryAndSwap,
      memoryBytes,
    });
  }
  return memoryAndSwap - memoryBytes;
}
