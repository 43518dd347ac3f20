import { readControl, readControlNumber, writeControl, attemptLimit, type CgroupController } from '@shiplog/driver-kit';

const MEMORY = 'memory.limit_in_bytes';
const MEMORY_AND_SWAP = 'memory.memsw.limit_in_bytes';

/** Memory, and memory with swap (kernel: cgroup-v1/memory). 0 sets nothing, as in Docker's API. */
export const memory: CgroupController = {
  name: 'memory',
  limits: ['memoryBytes', 'memorySwapBytes', 'memoryReservationBytes', 'memorySwappiness', 'oomKillDisable'],
  async setLimits(directory, limits) {
    const { memoryBytes = 0, memorySwapBytes = 0, memoryReservationBytes = 0, memorySwappiness = -1, oomKillDisable } = limits;
    const unset: string[] = [];
    const set = async (limit: string, file: string, value: number): Promise<void> => {
      if (value !== 0) unset.push(...(await attemptLimit(limit, () => writeControl(`${directory}/${file}`, value))));
    };
    const hasSwap = (await readControl(`${directory}/${MEMORY_AND_SWAP}`)) !== '';
    if (memorySwapBytes !== 0 && !hasSwap) unset.push('memory swap: this kernel does not account for swap');
    const swap = hasSwap ? memorySwapBytes : 0;
    // Memory with swap may never be below memory: the order depends on which way the limit goes.
    const swapFirst = swap < 0 || (swap > 0 && memoryBytes > (await readControlNumber(`${directory}/${MEMORY_AND_SWAP}`)));
    if (swapFirst) await set('memory swap', MEMORY_AND_SWAP, swap);
    await set('memory', MEMORY, memoryBytes);
    if (!swapFirst) await set('memory swap', MEMORY_AND_SWAP, swap);
    await set('memory reservation', 'memory.soft_limit_in_bytes', memoryReservationBytes);
    if (memorySwappiness >= 0) {
      unset.push(...(await attemptLimit('memory swappiness', () => writeControl(`${directory}/memory.swappiness`, memorySwappiness))));
    }
    if (oomKillDisable !== undefined) {
      unset.push(
        ...(await attemptLimit('oom kill disable', () => writeControl(`${directory}/memory.oom_control`, oomKillDisable ? 1 : 0))),
      );
    }
    return unset;
  },
};
