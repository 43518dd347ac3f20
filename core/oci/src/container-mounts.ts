import { type ContainerSpec, type MountSpec, ShiplogError } from '@shiplog/contracts';
import type { OciMount } from './oci-spec.ts';

/** A mount whose source is known: what {@link resolveMounts} makes of a volume's name. */
export type ResolvedMount = Exclude<MountSpec, { readonly type: 'volume' }>;

/** A file that the runtime driver writes into the bundle and that is shown at `/etc/<name>`. */
export type BundleFile = 'hosts' | 'resolv.conf' | 'hostname';

/** Turns volumes into binds of their directories on the host, found by `volumePath`. */
export function resolveMounts(mounts: readonly MountSpec[], volumePath: (name: string) => string): readonly ResolvedMount[] {
  return mounts.map((mount): ResolvedMount => {
    if (mount.type !== 'volume') return mount;
    return { type: 'bind', source: volumePath(mount.source), target: mount.target, readOnly: mount.readOnly };
  });
}

export interface ContainerMountsInput {
  readonly spec: ContainerSpec;
  readonly mounts: readonly ResolvedMount[];
  readonly bundleFiles: readonly BundleFile[];
  /** Directory with the shared memory of another container whose IPC namespace is joined. */
  readonly shmPath?: string;
}

/**
 * All mounts of a container, those nearer the root first. A mount of the user replaces a default one with the same target;
 * one on `/dev` replaces all beneath it too.
 *
 * Throws SPEC_INVALID when two of the user's mounts have one target, or a target is not an absolute path below `/`.
 */
export function containerMounts(input: ContainerMountsInput): readonly OciMount[] {
  const { spec, mounts, bundleFiles } = input;
  const asked = new Map<string, OciMount>();
  for (const mount of mounts) {
    const target = mountTarget(mount.target);
    if (asked.has(target)) throw invalid(`Duplicate mount point: ${target}`, target);
    asked.set(target, mount.type === 'bind' ? bindMount(mount, target) : tmpfsMount(mount, target));
  }
  const replaced = (target: string): boolean => asked.has(target) || (asked.has('/dev') && target.startsWith('/dev/'));
  const own = [...defaultMounts(spec, input.shmPath), ...bundleFiles.map((name) => bundleMount(name, spec))];
  return [...own.filter((mount) => !replaced(mount.destination)), ...asked.values()].toSorted(
    (a, b) => depth(a.destination) - depth(b.destination),
  );
}

/** The propagation that the root file system needs for the binds; undefined when the runtime's own choice will do. */
export function rootPropagation(mounts: readonly ResolvedMount[]): string | undefined {
  const asked = new Set(mounts.map((mount) => (mount.type === 'bind' ? mount.propagation : undefined)));
  if (asked.has('rshared') || asked.has('shared')) return 'shared';
  return asked.has('rslave') || asked.has('slave') ? 'rslave' : undefined;
}

function defaultMounts(spec: ContainerSpec, shmPath: string | undefined): readonly OciMount[] {
  const sys = ['nosuid', 'noexec', 'nodev'];
  const readOnly = spec.privileged && !spec.readonlyRootfs ? 'rw' : 'ro';
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: sys },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...sys, readOnly] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...sys, readOnly] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: sys },
    sharedMemory(spec, shmPath),
  ];
}

/** Shared memory belongs to the IPC namespace: who joins another's sees the other's. */
function sharedMemory(spec: ContainerSpec, shmPath: string | undefined): OciMount {
  const source = spec.ipcMode === 'host' ? '/dev/shm' : shmPath;
  if (source !== undefined) return { destination: '/dev/shm', type: 'bind', source, options: ['rbind', 'rprivate'] };
  const options = ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${spec.shmSizeBytes}`];
  return { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options };
}

function bundleMount(name: BundleFile, spec: ContainerSpec): OciMount {
  const options = ['rbind', 'rprivate', spec.readonlyRootfs ? 'ro' : 'rw'];
  return { destination: `/etc/${name}`, type: 'bind', source: `bundle:${name}`, options };
}

function bindMount(mount: Extract<ResolvedMount, { type: 'bind' }>, destination: string): OciMount {
  const options = ['rbind', mount.readOnly ? 'ro' : 'rw', mount.propagation ?? 'rprivate'];
  return { destination, type: 'bind', source: mount.source, options };
}

// Words of mount(8) that contradict each other: the later one holds.
const OPPOSITES: ReadonlyMap<string, string> = new Map(
  [
    ['ro', 'rw'],
    ['exec', 'noexec'],
    ['suid', 'nosuid'],
    ['dev', 'nodev'],
    ['atime', 'noatime'],
  ].flatMap(([a = '', b = '']): [string, string][] => [
    [a, b],
    [b, a],
  ]),
);

function tmpfsMount(mount: Extract<ResolvedMount, { type: 'tmpfs' }>, destination: string): OciMount {
  const options = ['noexec', 'nosuid', 'nodev', 'rprivate'];
  const asked = [
    mount.readOnly ? 'ro' : 'rw',
    ...(mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`]),
    ...(mount.mode === undefined ? [] : [`mode=${mount.mode.toString(8)}`]),
    ...(mount.options ?? []),
  ];
  for (const option of asked) {
    const [key = ''] = option.split('=', 1);
    const same = options.findIndex(
      (held) => held === option || held === OPPOSITES.get(option) || (option !== key && held.startsWith(`${key}=`)),
    );
    if (same !== -1) options.splice(same, 1);
    options.push(option);
  }
  return { destination, type: 'tmpfs', source: 'tmpfs', options };
}

function mountTarget(target: string): string {
  const names = target.split('/').filter((name) => name !== '' && name !== '.');
  if (!target.startsWith('/') || target.includes('\0') || names.includes('..')) {
    throw invalid(`invalid mount path: '${target}' mount path must be absolute and clean`, target);
  }
  if (names.length === 0) throw invalid("invalid specification: destination can't be '/'", target);
  return `/${names.join('/')}`;
}

function depth(target: string): number {
  return target.split('/').length;
}

function invalid(message: string, target: string): ShiplogError {
  return new ShiplogError('SPEC_INVALID', message, { target });
}
