import { closeSync, openSync, readFileSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { errnoOf, Refusal } from './kernel-error.ts';
import { libc } from './libc.ts';
import { setLoopbackUp } from './link-ops.ts';
import { visit } from './visit.ts';

const CLONE_NEWNET = 0x40000000;
const MS_BIND = 0x1000;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
/** linux/magic.h. */
const NSFS_MAGIC = 0x6e736673;

/** The file of a sysctl. As in sysctl(8): `net.ipv4.ip_forward` and `net/ipv4/ip_forward` are the same, the first separator decides. */
export function sysctlPath(name: string): string {
  const dot = name.indexOf('.');
  const slash = name.indexOf('/');
  const dotted = dot !== -1 && (slash === -1 || dot < slash);
  const path = dotted ? name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.')) : name;
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new Refusal('SPEC_INVALID', `invalid sysctl name: ${name}`, { name });
  }
  return `/proc/sys/${path}`;
}

/** Outside /proc/sys/net a write would change the host, whatever network namespace the thread is in. */
function networkSysctlPath(name: string, namespace: string | undefined): string {
  const path = sysctlPath(name);
  if (namespace !== undefined && !path.startsWith('/proc/sys/net/')) {
    throw new Refusal('SPEC_INVALID', `sysctl ${name} does not belong to a network namespace`, { name });
  }
  return path;
}

function isNamespace(path: string): boolean {
  try {
    return statfsSync(path).type === NSFS_MAGIC;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** What runs in a kernel thread. */
export const namespaceOps = {
  isNamespace,

  createNetwork(path: string): void {
    // The file becomes a namespace last, so one that is there is complete.
    if (isNamespace(path)) return;
    closeSync(openSync(path, 'a', 0o444));
    try {
      visit(
        () => libc.unshare(CLONE_NEWNET),
        () => {
          setLoopbackUp();
          libc.mount('/proc/thread-self/ns/net', path, '', MS_BIND, '');
        },
      );
    } catch (error) {
      namespaceOps.removeNetwork(path);
      throw error;
    }
  },

  removeNetwork(path: string): void {
    try {
      // More than one bind can lie on one another if two engines raced.
      while (isNamespace(path)) libc.umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
      unlinkSync(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  },

  setSysctl(name: string, value: string, namespace?: string): void {
    const path = networkSysctlPath(name, namespace);
    visit(namespace, () => writeFileSync(path, value));
  },

  getSysctl(name: string, namespace?: string): string {
    const path = networkSysctlPath(name, namespace);
    return visit(namespace, () => readFileSync(path, 'utf8')).trimEnd();
  },
};
