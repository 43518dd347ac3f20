import koffi, { type KoffiFunc, type LibraryHandle } from 'koffi';
import { errnoName, type Facts, kernelError } from './kernel-error.ts';

const O_CLOEXEC = 0o2000000;
const F_DUPFD_CLOEXEC = 1030;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE. */
const EVERY_SEAL = 0x0f;
const MFD_CLOEXEC = 0x01;
const MFD_ALLOW_SEALING = 0x02;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const POLLOUT = 0x04;
const WNOHANG = 1;
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE_CLONE = 1;
/** MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH. */
const MOVE_BETWEEN_DESCRIPTORS = 0x04 | 0x40;
const MOUNT_ATTR_RDONLY = 1n;

/** System calls that have the same number on every architecture (all newer than 424 have). */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_OPEN_TREE = 428;
const SYS_MOVE_MOUNT = 429;
const SYS_PIDFD_OPEN = 434;
const SYS_OPENAT2 = 437;
const SYS_MOUNT_SETATTR = 442;

type Call = KoffiFunc<(...args: (number | bigint | string | Uint8Array | null)[]) => number>;

/** struct msghdr (sendmsg(2)) of a message without address and bytes. */
interface MessageHeader {
  readonly name: null;
  readonly nameLength: number;
  readonly parts: null;
  readonly partCount: number;
  readonly control: Uint8Array;
  readonly controlLength: number;
  readonly flags: number;
}

interface Bindings {
  readonly mount: Call;
  readonly umount2: Call;
  readonly mountSetattr: Call;
  readonly openTree: Call;
  readonly moveMount: Call;
  readonly fsetxattr: Call;
  readonly unshare: Call;
  readonly setns: Call;
  readonly mknod: Call;
  readonly utimensat: Call;
  readonly lsetxattr: Call;
  readonly lgetxattr: Call;
  readonly llistxattr: Call;
  readonly lremovexattr: Call;
  readonly syncfs: Call;
  readonly fallocate: Call;
  readonly openat2: Call;
  readonly pidfdOpen: Call;
  readonly pidfdSendSignal: Call;
  readonly flock: Call;
  readonly socket: Call;
  readonly bind: Call;
  readonly getsockname: Call;
  readonly listen: Call;
  readonly connect: Call;
  readonly send: Call;
  readonly sendmsg: KoffiFunc<(fd: number, header: MessageHeader, flags: number) => number>;
  readonly poll: Call;
  readonly memfdCreate: Call;
  readonly recv: Call;
  readonly getsockopt: Call;
  readonly setsockopt: Call;
  readonly ioctl: Call;
  readonly close: Call;
  readonly pipe2: Call;
  readonly fcntl: Call;
  readonly waitpid: Call;
}

/** Pointers are declared as bytes, so that only buffers of ours reach the kernel. */
function bind(libc: LibraryHandle): Bindings {
  const messageHeader = koffi.struct({
    name: 'void *',
    nameLength: 'uint',
    parts: 'void *',
    partCount: 'size_t',
    control: 'void *',
    controlLength: 'size_t',
    flags: 'int',
  });
  const syscall = (...args: string[]): Call => libc.func('syscall', 'long', ['long', ...args]);
  return {
    mount: libc.func('mount', 'int', ['str', 'str', 'str', 'ulong', 'str']),
    umount2: libc.func('umount2', 'int', ['str', 'int']),
    mountSetattr: syscall('int', 'str', 'uint', 'void *', 'size_t'),
    openTree: syscall('int', 'str', 'uint'),
    moveMount: syscall('int', 'str', 'int', 'str', 'uint'),
    fsetxattr: libc.func('fsetxattr', 'int', ['int', 'str', 'void *', 'size_t', 'int']),
    unshare: libc.func('unshare', 'int', ['int']),
    setns: libc.func('setns', 'int', ['int', 'int']),
    mknod: libc.func('mknod', 'int', ['str', 'uint', 'uint64']),
    utimensat: libc.func('utimensat', 'int', ['int', 'str', 'void *', 'int']),
    lsetxattr: libc.func('lsetxattr', 'int', ['str', 'str', 'void *', 'size_t', 'int']),
    lgetxattr: libc.func('lgetxattr', 'long', ['str', 'str', 'void *', 'size_t']),
    llistxattr: libc.func('llistxattr', 'long', ['str', 'void *', 'size_t']),
    lremovexattr: libc.func('lremovexattr', 'int', ['str', 'str']),
    syncfs: libc.func('syncfs', 'int', ['int']),
    fallocate: libc.func('fallocate', 'int', ['int', 'int', 'int64', 'int64']),
    openat2: syscall('int', 'str', 'void *', 'size_t'),
    pidfdOpen: syscall('int', 'uint'),
    pidfdSendSignal: syscall('int', 'int', 'void *', 'uint'),
    flock: libc.func('flock', 'int', ['int', 'int']),
    socket: libc.func('socket', 'int', ['int', 'int', 'int']),
    bind: libc.func('bind', 'int', ['int', 'void *', 'uint']),
    getsockname: libc.func('getsockname', 'int', ['int', 'void *', 'void *']),
    listen: libc.func('listen', 'int', ['int', 'int']),
    connect: libc.func('connect', 'int', ['int', 'void *', 'uint']),
    send: libc.func('send', 'long', ['int', 'void *', 'size_t', 'int']),
    sendmsg: libc.func('sendmsg', 'long', ['int', koffi.pointer(messageHeader), 'int']),
    poll: libc.func('poll', 'int', ['void *', 'ulong', 'int']),
    memfdCreate: libc.func('memfd_create', 'int', ['str', 'uint']),
    recv: libc.func('recv', 'long', ['int', 'void *', 'size_t', 'int']),
    getsockopt: libc.func('getsockopt', 'int', ['int', 'int', 'int', 'void *', 'void *']),
    setsockopt: libc.func('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint']),
    ioctl: libc.func('ioctl', 'int', ['int', 'ulong', 'void *']),
    close: libc.func('close', 'int', ['int']),
    pipe2: libc.func('pipe2', 'int', ['void *', 'int']),
    fcntl: libc.func('fcntl', 'int', ['int', 'int', 'int']),
    waitpid: libc.func('waitpid', 'int', ['int', 'void *', 'int']),
  };
}

let bindings: Bindings | undefined;

/** Loaded on the first call; each thread binds its own. */
function bound(): Bindings {
  bindings ??= bind(koffi.load('libc.so.6'));
  return bindings;
}

/** errno is the calling thread's, and a synchronous koffi call leaves it alone, so it is read right after. */
function check(result: number, call: string, facts?: Facts): number {
  if (result >= 0) return result;
  throw kernelError(call, errnoName(koffi.errno()), facts);
}

/**
 * The C library's calls, synchronous, in the calling thread. This is the one file that crosses from checked code into
 * unchecked calls. Each throws KERNEL_CALL_FAILED (DISK_FULL for ENOSPC) with `call` and `errno`.
 */
export const libc = {
  /** mount(2). */
  mount(source: string, target: string, type: string, flags: number, data: string): void {
    check(bound().mount(source, target, type, flags, data), 'mount', { type, source, target, flags, data });
  },
  /** umount2(2). */
  umount2(target: string, flags: number): void {
    check(bound().umount2(target, flags), 'umount2', { target, flags });
  },
  /** mount_setattr(2): sets and clears attributes (MOUNT_ATTR_*) of the mount at `target`. */
  mountSetattr(target: string, set: bigint, clear: bigint): void {
    const attr = new BigUint64Array([set, clear, 0n, 0n]);
    const done = bound().mountSetattr(SYS_MOUNT_SETATTR, AT_FDCWD, target, AT_SYMLINK_NOFOLLOW, new Uint8Array(attr.buffer), 32);
    check(done, 'mount_setattr', { target });
  },
  /** open_tree(2): a descriptor of a copy of the mounts at `path` (of `directory` itself if empty), which is mounted nowhere and goes with the descriptor. */
  cloneTree(directory: number, path: string, recursive: boolean): number {
    const flags = OPEN_TREE_CLONE | O_CLOEXEC | (path === '' ? AT_EMPTY_PATH : 0) | (recursive ? AT_RECURSIVE : 0);
    return check(bound().openTree(SYS_OPEN_TREE, directory, path, flags), 'open_tree', { path });
  },
  /** move_mount(2): mounts what {@link libc.cloneTree} answered at the place that `target` is a descriptor of. */
  moveMount(tree: number, target: number, facts: Facts): void {
    check(bound().moveMount(SYS_MOVE_MOUNT, tree, '', target, '', MOVE_BETWEEN_DESCRIPTORS), 'move_mount', facts);
  },
  /** mount_setattr(2): makes the mounts of a tree read-only. */
  makeReadOnly(tree: number, recursive: boolean): void {
    const attr = new BigUint64Array([MOUNT_ATTR_RDONLY, 0n, 0n, 0n]);
    const flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    check(bound().mountSetattr(SYS_MOUNT_SETATTR, tree, '', flags, new Uint8Array(attr.buffer), 32), 'mount_setattr');
  },
  /** unshare(2), for the calling thread. */
  unshare(flags: number): void {
    check(bound().unshare(flags), 'unshare', { flags });
  },
  /** setns(2), for the calling thread. */
  setns(fd: number, type: number): void {
    check(bound().setns(fd, type), 'setns');
  },
  /** mknod(2). `mode` holds type and permission bits; the umask applies. */
  mknod(path: string, mode: number, device: bigint): void {
    check(bound().mknod(path, mode, device), 'mknod', { path });
  },
  /** utimensat(2) on the entry itself. `times` is two timespecs: seconds, nanoseconds, twice. */
  utimensat(path: string, times: BigInt64Array): void {
    const done = bound().utimensat(AT_FDCWD, path, new Uint8Array(times.buffer), AT_SYMLINK_NOFOLLOW);
    check(done, 'utimensat', { path });
  },
  lsetxattr(path: string, name: string, value: Uint8Array): void {
    check(bound().lsetxattr(path, name, value, value.length, 0), 'lsetxattr', { path, name });
  },
  fsetxattr(fd: number, name: string, value: Uint8Array): void {
    check(bound().fsetxattr(fd, name, value, value.length, 0), 'fsetxattr', { fd, name });
  },
  /** Bytes written into `into`, or needed if it is empty. */
  lgetxattr(path: string, name: string, into: Uint8Array): number {
    return check(bound().lgetxattr(path, name, into.length === 0 ? null : into, into.length), 'lgetxattr', { path, name });
  },
  llistxattr(path: string, into: Uint8Array): number {
    return check(bound().llistxattr(path, into.length === 0 ? null : into, into.length), 'llistxattr', { path });
  },
  lremovexattr(path: string, name: string): void {
    check(bound().lremovexattr(path, name), 'lremovexattr', { path, name });
  },
  /** fallocate(2) with FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE. */
  punchHole(fd: number, offset: number, length: number, path: string): void {
    check(bound().fallocate(fd, 0x03, BigInt(offset), BigInt(length)), 'fallocate', { path, offset, length });
  },
  syncfs(fd: number, path: string): void {
    check(bound().syncfs(fd), 'syncfs', { path });
  },
  /** openat2(2); answers a descriptor. Relative paths are looked up from `directory`. */
  openat2(directory: number, path: string, how: { readonly flags: number; readonly resolve: number }): number {
    const words = new BigUint64Array([BigInt(how.flags), 0n, BigInt(how.resolve)]);
    return check(bound().openat2(SYS_OPENAT2, directory, path, new Uint8Array(words.buffer), 24), 'openat2', { path });
  },
  pidfdOpen(pid: number): number {
    return check(bound().pidfdOpen(SYS_PIDFD_OPEN, pid, 0), 'pidfd_open', { pid });
  },
  pidfdSendSignal(fd: number, signal: number, pid: number): void {
    check(bound().pidfdSendSignal(SYS_PIDFD_SEND_SIGNAL, fd, signal, null, 0), 'pidfd_send_signal', { pid, signal });
  },
  flock(fd: number, operation: number, path: string): void {
    check(bound().flock(fd, operation), 'flock', { path });
  },
  socket(family: number, type: number, protocol: number): number {
    return check(bound().socket(family, type, protocol), 'socket', { family, type, protocol });
  },
  bind(fd: number, address: Uint8Array, facts: Facts): void {
    check(bound().bind(fd, address, address.length), 'bind', facts);
  },
  /** The address a socket is bound to, into `into`. */
  getsockname(fd: number, into: Uint8Array): void {
    const length = new Uint8Array(new Uint32Array([into.length]).buffer);
    check(bound().getsockname(fd, into, length), 'getsockname', { fd });
  },
  listen(fd: number, facts: Facts): void {
    check(bound().listen(fd, 1), 'listen', facts);
  },
  connect(fd: number, address: Uint8Array, facts: Facts): void {
    check(bound().connect(fd, address, address.length), 'connect', facts);
  },
  /** One datagram, without waiting: EAGAIN while the peer's queue is full. */
  sendNow(fd: number, bytes: Uint8Array, facts: Facts): void {
    check(bound().send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL), 'send', { ...facts, bytes: bytes.length });
  },
  /** A datagram without bytes that hands over the descriptor `passed` (unix(7), SCM_RIGHTS), without waiting. */
  passNow(fd: number, passed: number, facts: Facts): void {
    // struct cmsghdr: a size_t of the length, two ints, the descriptor; its end is padded.
    const control = Buffer.alloc(24);
    control.writeBigUInt64LE(20n, 0);
    control.writeInt32LE(SOL_SOCKET, 8);
    control.writeInt32LE(SCM_RIGHTS, 12);
    control.writeInt32LE(passed, 16);
    const header = { name: null, nameLength: 0, parts: null, partCount: 0, control, controlLength: control.length, flags: 0 };
    check(bound().sendmsg(fd, header, MSG_DONTWAIT | MSG_NOSIGNAL), 'sendmsg', facts);
  },
  /** poll(2) on a pool thread: resolves when something can be sent, and after `ms` milliseconds at the latest. */
  writableLater(fd: number, ms: number): Promise<void> {
    const entry = Buffer.alloc(8);
    entry.writeInt32LE(fd, 0);
    entry.writeInt16LE(POLLOUT, 4);
    return new Promise((resolve, reject) => {
      bound().poll.async(entry, 1, ms, (fault: unknown) => (fault === null ? resolve() : reject(fault)));
    });
  },
  /** memfd_create(2): a file in memory that can be sealed. */
  memoryFile(name: string): number {
    return check(bound().memfdCreate(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), 'memfd_create');
  },
  /** fcntl(2), F_ADD_SEALS: nobody changes the memory file any more. */
  seal(fd: number): void {
    check(bound().fcntl(fd, F_ADD_SEALS, EVERY_SEAL), 'fcntl', { fd });
  },
  send(fd: number, bytes: Uint8Array): void {
    check(bound().send(fd, bytes, bytes.length, 0), 'send');
  },
  /** The same on a pool thread, for a request that the kernel takes long over. errno is not known there: a failure is EIO. */
  sendLater(fd: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      bound().send.async(fd, bytes, bytes.length, 0, (fault: unknown, sent: number) => {
        if (sent >= 0) resolve();
        else reject(fault ?? kernelError('send', 'EIO'));
      });
    });
  },
  /** Bytes received into `into`. */
  recv(fd: number, into: Uint8Array): number {
    return check(bound().recv(fd, into, into.length, 0), 'recv');
  },
  getsockopt(fd: number, level: number, option: number, into: Uint8Array): void {
    const length = new Uint8Array(new Uint32Array([into.length]).buffer);
    check(bound().getsockopt(fd, level, option, into, length), 'getsockopt', { fd, level, option });
  },
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): void {
    check(bound().setsockopt(fd, level, option, value, value.length), 'setsockopt', { level, option });
  },
  /** ioctl(2) whose argument is a structure, read or written in place. `name` is what errors call it. */
  ioctl(fd: number, request: number, argument: Uint8Array, name: string, facts: Facts): void {
    check(bound().ioctl(fd, request, argument), name, facts);
  },
  /** pipe2(2): the end to read from and the end to write to, both closed on exec. */
  pipe(): readonly [read: number, write: number] {
    const ends = new Int32Array(2);
    check(bound().pipe2(new Uint8Array(ends.buffer), O_CLOEXEC), 'pipe2');
    const [read = -1, write = -1] = ends;
    return [read, write];
  },
  /** fcntl(2), F_DUPFD_CLOEXEC: the same file at a free descriptor from `least` up. */
  duplicate(fd: number, least: number): number {
    return check(bound().fcntl(fd, F_DUPFD_CLOEXEC, least), 'fcntl', { fd });
  },
  /**
   * waitpid(2) without waiting: once a child of this process has ended, its exit code, or 128 and the signal that it died of. Then it is no zombie
   * any more, and may be asked for no more.
   */
  endOf(pid: number): number | undefined {
    const status = new Int32Array(1);
    if (check(bound().waitpid(pid, new Uint8Array(status.buffer), WNOHANG), 'waitpid', { pid }) !== pid) return undefined;
    const [word = 0] = status;
    const signal = word & 0x7f;
    return signal === 0 ? (word >> 8) & 0xff : 128 + signal;
  },
  /** Never throws: after close(2) the descriptor is gone whatever it answers. */
  close(fd: number): void {
    bound().close(fd);
  },
};
