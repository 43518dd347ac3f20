import type { MountCalls } from '@shiplog/contracts';
import type { LaneCall } from './lane.ts';
import { parseMountInfo } from './mount-info.ts';

/** The mount port over a kernel thread. */
export function mountCalls(call: LaneCall): MountCalls {
  return {
    mount: (mount) => call('mount', mount),
    unmount: (target, options) => call('unmount', target, options?.lazy ?? false),
    list: async () => parseMountInfo(await call('mountTable')),
  };
}
