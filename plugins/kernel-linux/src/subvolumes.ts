import type { SubvolumeCalls } from '@shiplog/contracts';
import type { LaneCall } from './lane.ts';

/** The subvolume port over a kernel thread. */
export function subvolumeCalls(call: LaneCall): SubvolumeCalls {
  return {
    create: (path) => call('createSubvolume', path),
    snapshot: (source, path) => call('snapshotSubvolume', source, path),
    setReadonly: (path, readonly) => call('setSubvolumeReadonly', path, readonly),
    remove: (path) => call('removeSubvolume', path),
    usage: (path) => call('subvolumeUsage', path),
    limit: (path, bytes) => call('limitSubvolume', path, bytes),
  };
}
