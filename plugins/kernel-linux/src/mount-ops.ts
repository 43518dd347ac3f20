import { readFileSync } from 'node:fs';
import { errnoOf, kernelError } from './kernel-error.ts';
import { libc } from './libc.ts';

const MS_REMOUNT = 0x20;
const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

/** mount(2) copies one page of data and cuts what is beyond without a word. */
const DATA_LIMIT = 4095;

/** Words of mount(8) that are flags of the file system: [flag, set or clear]. */
const FLAGS: ReadonlyMap<string, readonly [flag: number, set: boolean]> = new Map([
  ['ro', [0x1, true]],
  ['rw', [0x1, false]],
  ['nosuid', [0x2, true]],
  ['suid', [0x2, false]],
  ['nodev', [0x4, true]],
  ['dev', [0x4, false]],
  ['noexec', [0x8, true]],
  ['exec', [0x8, false]],
  ['sync', [0x10, true]],
  ['async', [0x10, false]],
  ['remount', [MS_REMOUNT, true]],
  ['mand', [0x40, true]],
  ['dirsync', [0x80, true]],
  ['nosymfollow', [0x100, true]],
  ['noatime', [0x400, true]],
  ['atime', [0x400, false]],
  ['nodiratime', [0x800, true]],
  ['diratime', [0x800, false]],
  ['bind', [MS_BIND, true]],
  ['rbind', [MS_BIND | MS_REC, true]],
  ['silent', [0x8000, true]],
  ['relatime', [0x200000, true]],
  ['norelatime', [0x200000, false]],
  ['strictatime', [0x1000000, true]],
  ['lazytime', [0x2000000, true]],
  ['defaults', [0, true]],
]);

/** Words that change how mounts spread; each is a mount(2) call of its own. */
const PROPAGATION: ReadonlyMap<string, number> = new Map([
  ['unbindable', 0x20000],
  ['runbindable', 0x20000 | MS_REC],
  ['private', 0x40000],
  ['rprivate', 0x40000 | MS_REC],
  ['slave', 0x80000],
  ['rslave', 0x80000 | MS_REC],
  ['shared', 0x100000],
  ['rshared', 0x100000 | MS_REC],
]);

/** Flags that belong to one mount, as attributes of mount_setattr(2). */
const ATTRIBUTES: readonly (readonly [flag: number, attribute: bigint])[] = [
  [0x1, 0x1n],
  [0x2, 0x2n],
  [0x4, 0x4n],
  [0x8, 0x8n],
  [0x100, 0x200000n],
  [0x800, 0x80n],
];

export interface MountPlan {
  readonly flags: number;
  /** Propagation changes, in order. */
  readonly propagation: readonly number[];
  readonly data: string;
}

/** Sorts words of mount(8) into flags, propagation and data for the file system. A later word wins over an earlier one. */
export function planMount(options: readonly string[]): MountPlan {
  let flags = 0;
  const propagation: number[] = [];
  const data: string[] = [];
  for (const option of options) {
    const flag = FLAGS.get(option);
    const spread = PROPAGATION.get(option);
    if (flag !== undefined) flags = flag[1] ? flags | flag[0] : flags & ~flag[0];
    else if (spread !== undefined) propagation.push(spread);
    else data.push(option);
  }
  return { flags, propagation, data: data.join(',') };
}

/** What runs in a kernel thread. */
export const mountOps = {
  /** Here, because a promise of it would take the pool a thread for each of five calls. */
  mountTable(): string {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  },

  mount(call: { readonly type: string; readonly source: string; readonly target: string; readonly options: readonly string[] }): void {
    const { flags, propagation, data } = planMount(call.options);
    if (Buffer.byteLength(data) > DATA_LIMIT) {
      throw kernelError('mount', 'E2BIG', { target: call.target, bytes: Buffer.byteLength(data), limit: DATA_LIMIT });
    }
    const binds = (flags & MS_BIND) !== 0 && (flags & MS_REMOUNT) === 0;
    const mounts = call.type !== '' || call.source !== '' || flags !== 0 || data !== '' || propagation.length === 0;
    // A bind takes no other flag than recursion; the kernel would ignore `ro` without a word.
    if (binds) libc.mount(call.source, call.target, '', flags & (MS_BIND | MS_REC), '');
    else if (mounts) libc.mount(call.source, call.target, call.type, flags, data);
    try {
      if (binds) {
        const set = ATTRIBUTES.reduce((sum, [flag, attribute]) => ((flags & flag) === 0 ? sum : sum | attribute), 0n);
        if (set !== 0n) libc.mountSetattr(call.target, set, 0n);
      }
      for (const spread of propagation) libc.mount('', call.target, '', spread, '');
    } catch (error) {
      // Nothing half-done stays: a bind without its `ro` must not be left for somebody to write through.
      if (mounts && (flags & MS_REMOUNT) === 0) mountOps.unmount(call.target, true);
      throw error;
    }
  },

  unmount(target: string, lazy: boolean): void {
    try {
      libc.umount2(target, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0));
    } catch (error) {
      // EINVAL: nothing is mounted there; ENOENT and ENOTDIR: there is no such place.
      if (!['EINVAL', 'ENOENT', 'ENOTDIR'].includes(errnoOf(error))) throw error;
    }
  },
};
