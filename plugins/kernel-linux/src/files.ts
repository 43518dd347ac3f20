import type { FileCalls } from '@shiplog/contracts';
import type { LaneCall } from './lane.ts';

/** The file port over a kernel thread; `slow` is the thread for calls that wait for a disk. */
export function fileCalls(call: LaneCall, slow: LaneCall): FileCalls {
  return {
    mknod: (path, node) => call('mknod', path, node),
    setXattr: (file, name, value) => call('setXattr', file, name, value),
    getXattr: (path, name) => call('getXattr', path, name),
    listXattrs: (path) => call('listXattrs', path),
    removeXattr: (path, name) => call('removeXattr', path, name),
    setTimes: (path, accessNs, modifyNs) => call('setTimes', path, accessNs, modifyNs),
    resolveBeneath: (root, path) => call('resolveBeneath', root, path),
    punchHole: (path, offset, length) => slow('punchHole', path, offset, length),
    syncFilesystem: (path) => slow('syncFilesystem', path),
  };
}
