import type { Kernel, MountInfo } from '@shiplog/contracts';
import type { Recorder } from './recorder.ts';

const PROPAGATION = new Set(['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared']);

function rootMount(): MountInfo {
  return {
    id: 1,
    parent: 0,
    major: 0,
    minor: 1,
    root: '/',
    target: '/',
    type: 'ext4',
    source: '/dev/root',
    options: ['rw'],
    superOptions: ['rw'],
    propagation: [],
  };
}

function isBeneath(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

/** A mount table in memory. */
export function recordingMounts(recorder: Recorder): Kernel['mounts'] {
  const mountTable: MountInfo[] = [rootMount()];
  let nextMount = 2;
  return {
    async mount(call) {
      recorder.note('mounts.mount', call);
      if (call.options.includes('remount')) return;
      const bind = call.options.includes('bind') || call.options.includes('rbind');
      if (!bind && call.options.some((option) => PROPAGATION.has(option))) return;
      const like = bind ? mountTable.findLast((mount) => isBeneath(call.source, mount.target)) : undefined;
      mountTable.push({
        ...rootMount(),
        id: nextMount++,
        root: bind ? call.source : '/',
        minor: like?.minor ?? nextMount,
        target: call.target,
        type: like?.type ?? call.type,
        source: like?.source ?? call.source,
        superOptions: bind ? [] : call.options,
      });
    },
    async unmount(target, options) {
      recorder.note('mounts.unmount', target, options);
      const index = mountTable.findLastIndex((mount) => mount.target === target);
      if (index > 0) mountTable.splice(index, 1);
    },
    async list() {
      recorder.note('mounts.list');
      return [...mountTable];
    },
  };
}
