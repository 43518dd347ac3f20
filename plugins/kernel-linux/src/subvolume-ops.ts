import { chmodSync, closeSync, constants, openSync } from 'node:fs';
import { posix } from 'node:path';
import { errnoOf } from './kernel-error.ts';
import { libc } from './libc.ts';

/** linux/btrfs.h. The numbers are the same on every architecture whose ioctls are numbered as on x86-64 and arm64. */
const SUBVOL_CREATE_V2 = 0x50009418;
const SNAP_CREATE_V2 = 0x50009417;
const SNAP_DESTROY_V2 = 0x5000943f;
const SUBVOL_GETFLAGS = 0x80089419;
const SUBVOL_SETFLAGS = 0x4008941a;
const TREE_SEARCH_V2 = 0xc0709411;
const INO_LOOKUP = 0xd0009412;
const QUOTA_CTL = 0xc0109428;
const QUOTA_RESCAN_WAIT = 0x942e;
const QGROUP_LIMIT = 0x8030942b;

/** Commands of QUOTA_CTL. Either does nothing where quotas of any kind are on. */
const ENABLE_QUOTAS = 1n;
const ENABLE_SIMPLE_QUOTAS = 4n;
/** Of `struct btrfs_qgroup_limit`: the most that no other subvolume shares. */
const LIMIT_EXCLUSIVE = 2n;

const SUBVOL_RDONLY = 2n;
/** Inode of every subvolume's root directory. */
const ROOT_INODE = 256n;
/** Inodes from here on are the file system's own. */
const LAST_INODE = 2n ** 64n - 257n;
const LAST = 2n ** 64n - 1n;

/** The tree that lists the others, and kinds of items (linux/btrfs_tree.h). */
const TREE_OF_ROOTS = 1n;
const INODE_ITEM = 1;
const EXTENT_DATA = 108;
const ROOT_ITEM = 132;
const ROOT_REF = 156;

const SEARCH_HEAD_BYTES = 112;
const SEARCH_BUFFER_BYTES = 64 * 1024;
const ITEM_HEAD_BYTES = 32;

interface Item {
  readonly object: bigint;
  readonly type: number;
  readonly offset: bigint;
  readonly data: DataView;
}

interface Range {
  readonly tree: bigint;
  readonly objects: readonly [first: bigint, last: bigint];
  readonly types: readonly [first: number, last: number];
  /** Only what lies in blocks written in this transaction or later. */
  readonly since?: bigint;
}

/** Runs `work` with the directory open, no link at its end followed. */
function within<T>(path: string, work: (fd: number) => T): T {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    return work(fd);
  } finally {
    closeSync(fd);
  }
}

/** `struct btrfs_ioctl_vol_args_v2`: a name in the directory that the call is made on, and the descriptor of a source. */
function volume(name: Uint8Array, source = 0): Uint8Array {
  const bytes = new Uint8Array(4096);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(source), true);
  // A longer name is cut by the kernel's check, not by us: it answers ENAMETOOLONG, since no zero byte ends it.
  bytes.set(name.subarray(0, 4040), 56);
  return bytes;
}

/** Items of a range of keys, in their order (BTRFS_IOC_TREE_SEARCH_V2). Object, type and offset are compared as one number. */
function* search(fd: number, { tree, objects, types, since = 0n }: Range): Generator<Item> {
  const bytes = new Uint8Array(SEARCH_HEAD_BYTES + SEARCH_BUFFER_BYTES);
  const view = new DataView(bytes.buffer);
  let [object, type, offset] = [objects[0], types[0], 0n];
  for (;;) {
    [tree, object, objects[1], offset, LAST, since, LAST].forEach((value, index) => view.setBigUint64(index * 8, value, true));
    [type, types[1], 0xffff_ffff].forEach((value, index) => view.setUint32(56 + index * 4, value, true));
    view.setBigUint64(104, BigInt(SEARCH_BUFFER_BYTES), true);
    libc.ioctl(fd, TREE_SEARCH_V2, bytes, 'BTRFS_IOC_TREE_SEARCH_V2', {});
    const found = view.getUint32(64, true);
    if (found === 0) return;
    for (let at = SEARCH_HEAD_BYTES, left = found; left > 0; left -= 1) {
      object = view.getBigUint64(at + 8, true);
      offset = view.getBigUint64(at + 16, true);
      type = view.getUint32(at + 24, true);
      const length = view.getUint32(at + 28, true);
      yield { object, type, offset, data: new DataView(bytes.buffer, at + ITEM_HEAD_BYTES, length) };
      at += ITEM_HEAD_BYTES + length;
    }
    // The next key after the last one.
    if (offset < LAST) offset += 1n;
    else [object, type, offset] = type < 255 ? [object, type + 1, 0n] : [object + 1n, 0, 0n];
    if (object > objects[1] || (object === objects[1] && type > types[1])) return;
  }
}

/** Id of the subvolume that an open directory lies in, or the path of a directory in it, ended by a slash (BTRFS_IOC_INO_LOOKUP). */
function lookUp(fd: number, tree: bigint, inode: bigint): { readonly tree: bigint; readonly path: Buffer } {
  const bytes = Buffer.alloc(4096);
  bytes.writeBigUInt64LE(tree, 0);
  bytes.writeBigUInt64LE(inode, 8);
  libc.ioctl(fd, INO_LOOKUP, bytes, 'BTRFS_IOC_INO_LOOKUP', {});
  return { tree: bytes.readBigUInt64LE(0), path: bytes.subarray(16, bytes.indexOf(0, 16)) };
}

function makeReadonly(fd: number, readonly: boolean, path: string): void {
  const flags = new BigUint64Array(1);
  const bytes = new Uint8Array(flags.buffer);
  libc.ioctl(fd, SUBVOL_GETFLAGS, bytes, 'BTRFS_IOC_SUBVOL_GETFLAGS', { path });
  const before = flags[0] ?? 0n;
  flags[0] = readonly ? before | SUBVOL_RDONLY : before & ~SUBVOL_RDONLY;
  if (flags[0] !== before) libc.ioctl(fd, SUBVOL_SETFLAGS, bytes, 'BTRFS_IOC_SUBVOL_SETFLAGS', { path });
}

/**
 * Destroys the subvolumes inside an open one: whoever may write there may make them, and a full one cannot be destroyed.
 * Names are bytes: they need not be text.
 */
function destroyInside(fd: number): void {
  const { tree } = lookUp(fd, 0n, ROOT_INODE);
  const children: { readonly directory: bigint; readonly name: Buffer }[] = [];
  for (const { data } of search(fd, { tree: TREE_OF_ROOTS, objects: [tree, tree], types: [ROOT_REF, ROOT_REF] })) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset + 18, data.getUint16(16, true));
    children.push({ directory: data.getBigUint64(0, true), name: Buffer.from(bytes) });
  }
  if (children.length > 0) makeReadonly(fd, false, '');
  for (const { directory, name } of children) {
    const inside = Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), lookUp(fd, tree, directory).path]);
    const parent = openSync(inside, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      destroy(parent, name, Buffer.concat([Buffer.from(`/proc/self/fd/${parent}/`), name]));
    } finally {
      closeSync(parent);
    }
  }
}

function destroy(parent: number, name: Buffer, path: Buffer | string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    destroyInside(fd);
  } finally {
    closeSync(fd);
  }
  libc.ioctl(parent, SNAP_DESTROY_V2, volume(name), 'BTRFS_IOC_SNAP_DESTROY_V2', { path: path.toString() });
}

/** The transaction a snapshot was taken in, 0 for what was made empty (`struct btrfs_root_item`). */
function snapshotAt(fd: number, tree: bigint): bigint {
  for (const { data } of search(fd, { tree: TREE_OF_ROOTS, objects: [tree, tree], types: [ROOT_ITEM, ROOT_ITEM] })) {
    const hasParent = new Uint8Array(data.buffer, data.byteOffset + 263, 16).some((byte) => byte !== 0);
    return hasParent ? data.getBigUint64(303, true) : 0n;
  }
  return 0n;
}

/** Bytes of file data in an extent item (`struct btrfs_file_extent_item`): inline, or on disk; a hole has none. */
function extentBytes(data: DataView): number {
  if (data.getUint8(20) === 0) return Number(data.getBigUint64(8, true));
  return data.getBigUint64(21, true) === 0n ? 0 : Number(data.getBigUint64(45, true));
}

/** Simple quotas count blocks when they are made; without those, the kernel first counts what is there. */
function enableQuotas(fd: number, path: string): void {
  const control = (command: bigint): void =>
    libc.ioctl(fd, QUOTA_CTL, new Uint8Array(new BigUint64Array([command, 0n]).buffer), 'BTRFS_IOC_QUOTA_CTL', { path });
  try {
    control(ENABLE_SIMPLE_QUOTAS);
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL') throw error;
    control(ENABLE_QUOTAS);
    libc.ioctl(fd, QUOTA_RESCAN_WAIT, new Uint8Array(8), 'BTRFS_IOC_QUOTA_RESCAN_WAIT', { path });
  }
}

/** What runs in a kernel thread. */
export const subvolumeOps = {
  createSubvolume(path: string): void {
    within(posix.dirname(path), (parent) =>
      libc.ioctl(parent, SUBVOL_CREATE_V2, volume(Buffer.from(posix.basename(path))), 'BTRFS_IOC_SUBVOL_CREATE_V2', { path }),
    );
    // The umask took bits away.
    chmodSync(path, 0o755);
  },

  snapshotSubvolume(source: string, path: string): void {
    within(source, (from) =>
      within(posix.dirname(path), (parent) =>
        libc.ioctl(parent, SNAP_CREATE_V2, volume(Buffer.from(posix.basename(path)), from), 'BTRFS_IOC_SNAP_CREATE_V2', { source, path }),
      ),
    );
  },

  setSubvolumeReadonly(path: string, readonly: boolean): void {
    within(path, (fd) => makeReadonly(fd, readonly, path));
  },

  removeSubvolume(path: string): void {
    try {
      within(posix.dirname(path), (parent) => destroy(parent, Buffer.from(posix.basename(path)), path));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  },

  limitSubvolume(path: string, bytes: number): void {
    within(path, (fd) => {
      enableQuotas(fd, path);
      // Group 0 is the subvolume's own.
      const limit = new BigUint64Array([0n, LIMIT_EXCLUSIVE, 0n, BigInt(bytes), 0n, 0n]);
      libc.ioctl(fd, QGROUP_LIMIT, new Uint8Array(limit.buffer), 'BTRFS_IOC_QGROUP_LIMIT', { path });
    });
  },

  subvolumeUsage(path: string): { bytes: number; inodes: number } {
    return within(path, (fd) => {
      const { tree } = lookUp(fd, 0n, ROOT_INODE);
      const since = snapshotAt(fd, tree);
      const usage = { bytes: 0, inodes: 0 };
      let counted = 0n;
      let unnamed = 0n;
      // The data of a file follows its inode.
      for (const { object, type, data } of search(fd, { tree, objects: [ROOT_INODE, LAST_INODE], types: [0, 255], since: since + 1n })) {
        if (type !== INODE_ITEM && type !== EXTENT_DATA) continue;
        // Deleted, but still open somewhere.
        if (type === INODE_ITEM && data.getUint32(40, true) === 0) unnamed = object;
        if (object === ROOT_INODE || object === unnamed || data.getBigUint64(0, true) <= since) continue;
        if (type === EXTENT_DATA) usage.bytes += extentBytes(data);
        if (object !== counted) usage.inodes += 1;
        counted = object;
      }
      return usage;
    });
  },
};
