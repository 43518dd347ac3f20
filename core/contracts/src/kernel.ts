/**
 * The one door to the host. Everything a driver does to the kernel goes through it, so that a test can hand in a
 * recording double and a replay can prove that it made no call. Errors are KERNEL_CALL_FAILED with facts
 * `call`, `errno` (such as `EBUSY`) and the arguments that matter; ENOSPC is DISK_FULL.
 */
export interface Kernel {
  readonly mounts: MountCalls;
  readonly files: FileCalls;
  readonly trees: TreeCalls;
  readonly subvolumes: SubvolumeCalls;
  readonly namespaces: NamespaceCalls;
  readonly links: LinkCalls;
  readonly firewall: FirewallCalls;
  readonly processes: ProcessCalls;
  readonly sockets: SocketCalls;
}

/** mount(2), umount2(2) and /proc/self/mountinfo (proc(5)). */
export interface MountCalls {
  /** `options` are the words of mount(8); flags (ro, nosuid, nodev, noexec, bind, rbind, remount, private, rprivate, slave, rslave, shared, rshared) become flags, the rest is data. */
  mount(call: {
    readonly type: string;
    readonly source: string;
    readonly target: string;
    readonly options: readonly string[];
  }): Promise<void>;
  /** Succeeds when nothing is mounted there. `lazy` is MNT_DETACH. Never follows a symlink at the target. */
  unmount(target: string, options?: { readonly lazy?: boolean }): Promise<void>;
  list(): Promise<readonly MountInfo[]>;
}

export interface MountInfo {
  readonly id: number;
  readonly parent: number;
  readonly major: number;
  readonly minor: number;
  readonly root: string;
  readonly target: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
  readonly superOptions: readonly string[];
  readonly propagation: readonly string[];
}

/**
 * What node:fs lacks. Paths are resolved beneath `root` with openat2(2) RESOLVE_IN_ROOT semantics where a root is asked:
 * a symlink or `..` cannot lead out of it.
 */
export interface FileCalls {
  mknod(
    path: string,
    node: { readonly type: 'char' | 'block' | 'fifo'; readonly mode: number; readonly major?: number; readonly minor?: number },
  ): Promise<void>;
  /** Of a path, or of a file that is open to be written. */
  setXattr(file: string | number, name: string, value: Uint8Array): Promise<void>;
  /** Undefined when it is absent or the file system has none. Never follows a final symlink. */
  getXattr(path: string, name: string): Promise<Uint8Array | undefined>;
  listXattrs(path: string): Promise<readonly string[]>;
  removeXattr(path: string, name: string): Promise<void>;
  /** Sets times of the entry itself, symlinks too; nanoseconds since the epoch. */
  setTimes(path: string, accessNs: bigint, modifyNs: bigint): Promise<void>;
  /** The real path of `path` inside `root`: symlinks are resolved as if `root` were `/`. The last component may be missing. Throws PATH_NOT_FOUND if a directory on the way is. */
  resolveBeneath(root: string, path: string): Promise<string>;
  /**
   * Frees the blocks of `length` bytes from `offset` on (fallocate(2), FALLOC_FL_PUNCH_HOLE): they read as zeros, and the size stays. False where the
   * file system cannot.
   */
  punchHole(path: string, offset: number, length: number): Promise<boolean>;
  /** syncfs(2) on the file system that holds `path`. */
  syncFilesystem(path: string): Promise<void>;
}

/**
 * Trees of files that are mounted nowhere (open_tree(2)): each is a descriptor, and with the last one into it all of it is gone, also when this process dies. What is
 * below is looked up as `/proc/self/fd/<descriptor>/<name>`. Who asked closes them.
 */
export interface TreeCalls {
  /** All that a process sees, from the root of its mount namespace (chroot(2) is not heeded), as mounted now. ESRCH where it is not that process any more. */
  ofProcess(process: { readonly pid: number; readonly startTicks: number }): Promise<number>;
  /** The tree at `root`, without what is mounted in it, with `mounts` in their order. A target that is missing is made, in `root`; `source` is followed as mount(2) does. */
  assemble(plan: {
    readonly root: string;
    readonly readonly: boolean;
    readonly mounts: readonly { readonly source: string; readonly target: string; readonly readonly: boolean }[];
  }): Promise<number>;
  /**
   * Opens `path` of a tree as a place only (O_PATH): links and `..` are resolved as if the tree's root were `/`, magic links of /proc refused (ELOOP). `follow` is for a link at its
   * end. Undefined where there is nothing.
   */
  open(tree: number, path: string, options: { readonly follow: boolean }): Promise<number | undefined>;
  /** Where in its tree a path leads, all links followed. The last name may be missing. Throws PATH_NOT_FOUND if a directory on the way is. */
  resolve(tree: number, path: string): Promise<string>;
  /**
   * Everything beneath the directory at `root`, batch by batch: a directory before what is in it, and what is in one by the order of names (UTF-16). Each is found by its name in a directory
   * that is open and was not reached by a link, so that nothing outside is looked at, whatever somebody moves or links meanwhile; a tree that changes gives something in between. Directories
   * that lie as deep as `depth` are told and not opened. Throws KERNEL_CALL_FAILED with ENOENT or ENOTDIR where there is no directory.
   */
  walk(root: string, depth: number): AsyncIterable<readonly TreeEntry[]>;
}

/** Something in a tree. */
export interface TreeEntry {
  /** Relative to the tree's root, without a slash at either end. */
  readonly path: string;
  /** Absent where the name is not UTF-8: `path` shows it, and no more is known. */
  readonly stats?: EntryStats;
}

/** What an entry is (stat(2)): of a link, itself. */
export interface EntryStats {
  readonly dev: bigint;
  readonly ino: bigint;
  /** Kind and permissions. */
  readonly mode: bigint;
  readonly nlink: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly rdev: bigint;
  /** Bytes. */
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** Subvolumes of btrfs (ioctl numbers of linux/btrfs.h). A path elsewhere fails with errno ENOTTY, a plain directory with EINVAL. */
export interface SubvolumeCalls {
  /** Makes an empty one, mode 755. EEXIST when something is there. */
  create(path: string): Promise<void>;
  /** Makes a writable one at `path` that shares all of `source`'s content, as of now. Durable when it resolves. Subvolumes inside `source` show as empty directories. */
  snapshot(source: string, path: string): Promise<void>;
  setReadonly(path: string, readonly: boolean): Promise<void>;
  /** Deletes it, read-only or not, and the subvolumes inside it. Succeeds when there is none. The kernel frees the space later, by itself. */
  remove(path: string): Promise<void>;
  /**
   * What was written since it was snapshot, or since it was made: bytes of file data in new extents, and inodes that are new or have such. Told from
   * what is on disk: sync first. Content of subvolumes inside it is not counted.
   */
  usage(path: string): Promise<{ readonly bytes: number; readonly inodes: number }>;
  /**
   * Lets at most so many bytes be in what only it has: more fails EDQUOT for whoever writes. Switches quotas of the file system on if they are off:
   * simple ones where the kernel has them (Linux 6.7), which cost nothing when blocks are shared.
   */
  limit(path: string, bytes: number): Promise<void>;
}

/** unshare(2), setns(2), nsfs bind mounts. */
export interface NamespaceCalls {
  /** Makes a network namespace and binds it to the file `path` (created), loopback up. Succeeds when it is there already. */
  createNetwork(path: string): Promise<void>;
  /** Unbinds and deletes the file. Succeeds when there is none. */
  removeNetwork(path: string): Promise<void>;
  /** True when `path` is a namespace file. */
  isNamespace(path: string): Promise<boolean>;
  /** Writes `value` to `/proc/sys/<name>` as seen inside the namespace, or on the host without one. */
  setSysctl(name: string, value: string, namespace?: string): Promise<void>;
  getSysctl(name: string, namespace?: string): Promise<string>;
}

/** rtnetlink(7). Every call takes the namespace file to act in, the host's if absent. Names are at most 15 bytes. */
export interface LinkCalls {
  /** Down unless `options.up`. Succeeds when a bridge of that name is there already; `options` are applied to it. */
  createBridge(
    name: string,
    options?: { readonly mac?: string; readonly alias?: string; readonly up?: boolean; readonly mtu?: number },
  ): Promise<void>;
  /**
   * A veth pair: `name` on the host, `peer.name` in `peer.namespace`, both down unless asked otherwise. One call can set
   * everything up; if any of it fails, the pair is removed again. EEXIST when the name is taken.
   */
  createVeth(name: string, peer: VethPeer, options?: VethOptions): Promise<void>;
  /**
   * A link stacked on `parent`, a link of the host: made in `link.namespace` at once, so the host never shows it. Down unless asked
   * otherwise; if any of it fails, it is removed again. It goes with its parent. EEXIST when the name is taken; NOT_SUPPORTED
   * when this kernel lacks the kind.
   */
  createStacked(parent: string, kind: StackedKind, link: StackedLink): Promise<void>;
  /** True when this kernel has links of the kind; loads its module, if there is one. */
  supports(kind: StackedKind['kind']): Promise<boolean>;
  /** Succeeds when there is none. */
  remove(name: string, namespace?: string): Promise<void>;
  up(name: string, namespace?: string): Promise<void>;
  setMaster(name: string, bridge: string): Promise<void>;
  setMac(name: string, mac: string, namespace?: string): Promise<void>;
  /** Succeeds when the link has it already. */
  addAddress(name: string, cidr: string, namespace?: string): Promise<void>;
  /** `to` is a CIDR or `default`. Succeeds when the same route is there. */
  addRoute(route: { readonly to: string; readonly via?: string; readonly device?: string }, namespace?: string): Promise<void>;
  list(namespace?: string): Promise<readonly LinkInfo[]>;
  routes(namespace?: string): Promise<readonly { readonly to: string; readonly device: string }[]>;
}

/** The far end of a veth pair, with what it gets before it is used. */
export interface VethPeer {
  readonly name: string;
  readonly namespace?: string;
  readonly mac?: string;
  readonly up?: boolean;
  /** CIDRs. */
  readonly addresses?: readonly string[];
  readonly routes?: readonly { readonly to: string; readonly via?: string }[];
  /** Refuse IPv6 on it, link-local addresses too. */
  readonly disableIpv6?: boolean;
}

/** The near end of a veth pair. */
export interface VethOptions {
  /** Bridge it becomes a port of. */
  readonly master?: string;
  readonly up?: boolean;
  /** Free text of at most 255 bytes that stays with the link. */
  readonly alias?: string;
  /** As a bridge port: may send a frame back where it came from. */
  readonly hairpin?: boolean;
  /** As a bridge port: exchanges no frames with other isolated ports. */
  readonly isolated?: boolean;
  /** Bytes, of both ends. */
  readonly mtu?: number;
}

/** What a stacked link is: which frames of its parent are its own, and how it talks to its siblings. */
export type StackedKind =
  | { readonly kind: 'macvlan'; readonly mode: 'bridge' | 'private' | 'vepa' | 'passthru' }
  | { readonly kind: 'ipvlan'; readonly mode: 'l2' | 'l3' | 'l3s'; readonly flag: 'bridge' | 'private' | 'vepa' }
  /** IEEE 802.1Q, 1 to 4094. */
  | { readonly kind: 'vlan'; readonly id: number };

/** A stacked link, with what it gets before it is used. A route without `via` leads to the link itself. */
export interface StackedLink extends VethPeer {
  /** Free text of at most 255 bytes that stays with the link. */
  readonly alias?: string;
  /** Bytes; the parent's, unless given. */
  readonly mtu?: number;
}

export interface LinkInfo {
  readonly index: number;
  readonly name: string;
  /** Free text set when it was made. */
  readonly alias?: string;
  readonly kind: string;
  readonly up: boolean;
  readonly mac: string;
  readonly master?: string;
  readonly addresses: readonly string[];
}

/** nf_tables. */
export interface FirewallCalls {
  /** Runs one nft(8) script as one transaction: all of it or nothing. `namespace` is the namespace file to act in, the host's if absent. */
  apply(script: string, namespace?: string): Promise<void>;
  /** Parsed `nft --json` answer to a list command, in the host's namespace. Throws when the object is absent. */
  list(command: string): Promise<readonly { readonly [key: string]: unknown }[]>;
}

/** Where a process comes from (proc(5)). A process can change all of it but its start time. */
export interface ProcessOrigin {
  /** Clock ticks since boot. */
  readonly start: number;
  /** Path of the program, as the process's own mount namespace has it. */
  readonly exe?: string;
  /** Who logged in, whatever the process has become since; absent where nobody did. */
  readonly loginuid?: number;
  /** Path in the unified hierarchy, or where that is `/` in the one of systemd. */
  readonly cgroup?: string;
}

/** A program to start. */
export interface SpawnCall {
  /** Its path. */
  readonly program: string;
  /** Its words, after its own name. */
  readonly args: readonly string[];
  /** All of its environment: none is inherited. */
  readonly env: { readonly [name: string]: string };
  /** Where it stands at first. */
  readonly directory: string;
  /** All it finds open, from descriptor 0 up: /dev/null, a pipe that is read here, or what is open here under this number. */
  readonly files: readonly ('null' | 'pipe' | number)[];
}

/** A program that was started. */
export interface Spawned {
  readonly pid: number;
  /** The near end of each `pipe`, in its place in `files`. */
  readonly pipes: readonly (SpawnPipe | undefined)[];
}

/** What is written into a pipe. Ends when all who had the far end have closed it. */
export type SpawnPipe = AsyncIterable<Uint8Array>;

/** A program to run to its end. */
export interface RunCall extends Omit<SpawnCall, 'files'> {
  /** What it finds on stdin. */
  readonly input: string;
  /** A file that it and all it starts have a shared flock(2) on while they run: who is given `lock` on it knows that they have ended. */
  readonly holds?: string;
  /** Ends it, and what it started in its session, by SIGKILL. */
  readonly signal?: AbortSignal;
}

/** A program to run bytes through. */
export interface FilterCall extends Omit<SpawnCall, 'files'> {
  /** What it finds on stdin. */
  readonly input: AsyncIterable<Uint8Array>;
}

/** How a program ended, and the first mebibyte of what it said. */
export interface Ran {
  /** Its exit code; 128 and the number of the signal that it died of. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessCalls {
  /**
   * Starts a program in a session of its own, with default signals and none blocked (posix_spawn(3)). Made for programs that
   * put themselves in the background: what becomes of it is read off its pipes. Throws KERNEL_CALL_FAILED, such as ENOENT,
   * and nothing was started then.
   */
  spawn(call: SpawnCall): Promise<Spawned>;
  /** Runs a program and waits for its end, whatever its code; for programs that the host's operator chose. Throws as `spawn` does. */
  run(call: RunCall): Promise<Ran>;
  /**
   * What a program writes to stdout of what it reads from stdin, as it comes. Leaving early, or an error of `input`, which passes unchanged, ends the program, and what it started in its session, by
   * SIGKILL; `input` is closed. Throws as `spawn` does, and KERNEL_CALL_FAILED with facts `call` (`filter`), `code` and `stderr` where it ends with another code than 0.
   */
  filter(call: FilterCall): AsyncIterable<Uint8Array>;
  /** Sends a signal; false when there is no such process. With `startTicks`, only if the process is still that one. */
  kill(pid: number, signal: number, startTicks?: number): Promise<boolean>;
  /** Start time in clock ticks since boot; undefined when there is no such process. A zombie has none. */
  startTicks(pid: number): Promise<number | undefined>;
  /** What /proc says of a process now; undefined when there is no such process. What may not be read is absent. */
  origin(pid: number): Promise<ProcessOrigin | undefined>;
  bootId(): string;
  /** Credentials of a unix socket's peer, by its file descriptor (SO_PEERCRED, unix(7)). */
  peerCredentials(fd: number): { readonly pid: number; readonly uid: number; readonly gid: number };
  /** Takes an exclusive flock(2) on `path`, held until `release` or the end of this process; undefined when another holds it. */
  lock(path: string): Promise<{ release(): Promise<void> } | undefined>;
  /** Binds and closes at once. False when something else has the port. */
  portIsFree(protocol: 'tcp' | 'udp' | 'sctp', address: string, port: number): Promise<boolean>;
}

/** Datagrams for a server on this host. */
export interface DatagramCall {
  /** Its socket, of 107 bytes at most. */
  readonly path: string;
  readonly datagrams: readonly Uint8Array[];
  /** What becomes of one that is larger than the kernel takes: `memfd` passes it in a sealed memory file (memfd_create(2)), as systemd's journal reads it; EMSGSIZE if absent. */
  readonly large?: 'memfd';
  readonly signal?: AbortSignal;
}

/** Open sockets of one address, as file descriptors: who asked for them closes them. */
export interface BoundSockets {
  /** It receives datagrams. */
  readonly udp: number;
  /** It is bound and does not listen yet. */
  readonly tcp: number;
  /** The port of both. */
  readonly port: number;
}

/** What node:net and node:dgram lack. */
export interface SocketCalls {
  /**
   * A UDP and a TCP socket (ip(7)) at an IPv4 address and one port that is free for both, made in the namespace at `namespace`, in the host's if
   * absent. They stay in it, and hold it.
   */
  bind(address: string, namespace?: string): Promise<BoundSockets>;
  /**
   * Sends datagrams over a socket of their own, in order, each as soon as the server's queue has room; resolves once the kernel has them all. The first that
   * fails ends it, and those before it are sent: EPROTOTYPE where the server wants a stream, EAGAIN when there was no room for 10 s.
   */
  sendDatagrams(call: DatagramCall): Promise<void>;
}
