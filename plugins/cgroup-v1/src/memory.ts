import { readControl, readControlNumber, writeControl } from '@shiplog/driver-kit';
import { attempt, type Controller } from './controller.ts';

const MEMORY = 'memory.limit_in_bytes';
const MEMORY_AND_SWAP = 'memory.memsw.limit_in_bytes';

/** Memory, and memory with swap (kernel: cgroup-v1/memory). */
export const memory: Controller = {
  name: 'memory',
  async setLimits(directory, { memoryBytes, memorySwapBytes, memoryReservationBytes, memorySwappiness, oomKillDisable }) {
    const unset: string[] = [];
    const set = async (limit: string, file: string, value: number): Promise<void> => {
      unset.push(...(await attempt(limit, () => writeControl(`${directory}/${file}`, value))));
    };
    const hasSwap = (await readControl(`${directory}/${MEMORY_AND_SWAP}`)) !== '';
    if (memorySwapBytes !== undefined && memorySwapBytes !== 0 && !hasSwap) unset.push('memory swap: this kernel does not account for swap');
    const swap = hasSwap ? memorySwapBytes : undefined;
    // Memory with swap may never be below memory: the order depends on which way the limit goes.
    const swapFirst = memoryBytes !== undefined && swap !== undefined && (swap < 0 || memoryBytes > (await readControlNumber(`${directory}/${MEMORY_AND_SWAP}`)));
    if (swapFirst) await set('memory swap', MEMORY_AND_SWAP, swap);
    if (memoryBytes !== undefined && memoryBytes !== 0) await set('memory', MEMORY, memoryBytes);
    if (!swapFirst && swap !== undefined && swap !== 0) await set('memory swap', MEMORY_AND_SWAP, swap);
    if (memoryReservationBytes !== undefined && memoryReservationBytes !== 0) await set('memory reservation', 'memory.soft_limit_in_bytes', memoryReservationBytes);
    if (memorySwappiness !== undefined && memorySwappiness >= 0) await set('memory swappiness', 'memory.swappiness', memorySwappiness);
    if (oomKillDisable === true) await set('oom kill disable', 'memory.oom_control', 1);
    return unset;
  },
};
