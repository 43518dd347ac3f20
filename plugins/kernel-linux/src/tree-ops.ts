import { closeSync, constants, fstatSync, mkdirSync, openSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { TreeCalls } from '@shiplog/contracts';
import { O_CLOEXEC, O_PATH, openInRoot, resolveIn } from './file-ops.ts';
import { errnoOf, kernelError, Refusal } from './kernel-error.ts';
import { libc } from './libc.ts';

const CLONE_FS = 0x200;
const CLONE_NEWNS = 0x20000;
const AT_FDCWD = -100;
const MS_REC_PRIVATE = 0x4000 | 0x40000;

type Plan = Parameters<TreeCalls['assemble']>[0];

/** The mount namespace this thread came from: opened before it ever leaves. */
let home: number | undefined;

/**
 * Runs `work` with this thread in another mount namespace, and brings the thread back whatever happens. `work` must be synchronous and load no code: what it
 * would find is the container's. A thread that cannot come back ends.
 */
function inMounts<T>(enter: () => void, work: () => T): T {
  if (isMainThread) throw new Refusal('INTERNAL', 'the main thread must not change namespaces');
  if (home === undefined) {
    home = openSync('/proc/thread-self/ns/mnt', 'r');
    // setns(2) refuses threads that share their root with others.
    libc.unshare(CLONE_FS);
  }
  enter();
  try {
    return work();
  } finally {
    goHome(home);
  }
}

function goHome(fd: number): void {
  try {
    libc.setns(fd, CLONE_NEWNS);
  } catch {
    // In a worker this ends the thread alone; its open calls fail and the next call starts a fresh one at home.
    process.exit(70);
  }
}

/** Makes a place to mount on: what is missing of `path`, as a directory or, for a file's sake, an empty file. */
function makeTarget(root: number, path: string, file: boolean): void {
  const names = path.split('/').filter((name) => name !== '');
  for (const [index, name] of names.entries()) {
    const directory = openInRoot(root, `/${names.slice(0, index).join('/')}`, constants.O_DIRECTORY);
    if (directory === undefined) throw new Refusal('PATH_NOT_FOUND', `a directory on the way to ${path} does not exist`, { path });
    const at = `/proc/self/fd/${directory}/${name}`;
    try {
      if (file && index === names.length - 1) closeSync(openSync(at, constants.O_CREAT | constants.O_EXCL | O_CLOEXEC, 0o644));
      else mkdirSync(at, 0o755);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    } finally {
      libc.close(directory);
    }
  }
}

function mountIn(root: number, { source, target, readonly }: Plan['mounts'][number]): void {
  const tree = libc.cloneTree(AT_FDCWD, source, true);
  try {
    if (readonly) libc.makeReadOnly(tree, true);
    let place = openInRoot(root, target, 0);
    if (place === undefined) {
      makeTarget(root, target, !fstatSync(tree).isDirectory());
      place = openInRoot(root, target, 0);
    }
    if (place === undefined) throw new Refusal('PATH_NOT_FOUND', `${target} cannot be mounted on: it is a link to nothing`, { target });
    try {
      libc.moveMount(tree, place, { source, target });
    } finally {
      libc.close(place);
    }
  } finally {
    libc.close(tree);
  }
}

/** What runs in a kernel thread. */
export const treeOps = {
  processTree(pid: number): number {
    let namespace: number;
    try {
      namespace = openSync(`/proc/${pid}/ns/mnt`, 'r');
    } catch (error) {
      throw errnoOf(error) === 'ENOENT' ? kernelError('open', 'ESRCH', { pid }) : error;
    }
    try {
      return inMounts(
        () => libc.setns(namespace, CLONE_NEWNS),
        () => libc.cloneTree(AT_FDCWD, '/', true),
      );
    } finally {
      closeSync(namespace);
    }
  },

  assembledTree({ root, readonly, mounts }: Plan): number {
    return inMounts(
      () => libc.unshare(CLONE_NEWNS),
      () => {
        // Or what is mounted here would be mounted for the host as well.
        libc.mount('', '/', '', MS_REC_PRIVATE, '');
        // A copy of the one mount, which may have others in it, set over it: it need not be a place where something is mounted.
        const bare = libc.cloneTree(AT_FDCWD, root, false);
        try {
          const place = openSync(root, O_PATH | constants.O_DIRECTORY | O_CLOEXEC);
          try {
            libc.moveMount(bare, place, { target: root });
          } finally {
            closeSync(place);
          }
          // `bare` is that mount, now in a namespace.
          for (const mount of mounts) mountIn(bare, mount);
          const tree = libc.cloneTree(bare, '', true);
          if (readonly) libc.makeReadOnly(tree, false);
          return tree;
        } finally {
          libc.close(bare);
        }
      },
    );
  },

  openInTree(tree: number, path: string, follow: boolean): number | undefined {
    return openInRoot(tree, path === '' ? '/' : path, follow ? 0 : constants.O_NOFOLLOW);
  },

  resolveInTree(tree: number, path: string): string {
    return resolveIn(tree, path === '' ? '/' : path, 0);
  },
};
