import { join } from 'node:path';
import { containerGroup, type SessionGroup, type Spec } from '@shiplog/conmon';
import type { Hierarchy } from './hierarchies.ts';
import { fields, type Orders } from './orders.ts';

/** What every container has in /dev: numbers of the Linux devices list. */
const USUAL: readonly (readonly [name: string, major: number, minor: number])[] = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
];

const LINKS: readonly (readonly [name: string, target: string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['ptmx', 'pts/ptmx'],
];

/** What is done for a container beside what LXC does. Pure. */
export function containerOrders({ linux, mounts = [] }: Spec): Orders {
  const network = linux.namespaces?.find(({ type }) => type === 'network');
  const cgroup = mounts.find(({ type }) => type === 'cgroup');
  const dev = mounts.find(({ destination }) => destination === '/dev');
  // One that is shown from the host has its devices, and is not ours to make them in.
  const ownDev = dev?.type === 'tmpfs';
  const given = (linux.devices ?? []).map(({ path, type, major, minor, fileMode, uid, gid }) =>
    fields(path, type, major, minor, fileMode, uid, gid),
  );
  return [
    ...(network === undefined
      ? []
      : [network.path === undefined ? (['private-network', 'yes'] as const) : (['network', network.path] as const)]),
    ...(linux.namespaces?.some(({ type }) => type === 'cgroup') === true ? [['own-cgroups', 'yes'] as const] : []),
    ...Object.entries(linux.sysctl ?? {}).map(([name, value]) => ['sysctl', fields(name, value)] as const),
    ...mounts
      .filter(({ type }) => type === 'devpts')
      .map(({ destination, options = [] }) => ['terminals', fields(destination, terminalData(options))] as const),
    ...(ownDev ? [['own-dev', 'yes'] as const] : []),
    ...(ownDev ? USUAL.map(([name, major, minor]) => ['device', fields(`/dev/${name}`, 'c', major, minor, 0o666, 0, 0)] as const) : []),
    ...given.map((value) => ['device', value] as const),
    ...(ownDev ? LINKS.map(([name, target]) => ['link', fields(`/dev/${name}`, target)] as const) : []),
    ...(linux.maskedPaths ?? []).map((path) => ['masked', path] as const),
    ...(linux.readonlyPaths ?? []).map((path) => ['read-only', path] as const),
    ...(cgroup === undefined ? [] : [['cgroup-view', cgroup.options?.includes('ro') === true ? 'ro' : 'rw'] as const]),
    ...(linux.resources?.devices ?? []).map(({ allow, type = 'a', major, minor, access = 'rwm' }) => {
      const number = (value: number | undefined): string => (value === undefined ? '*' : String(value));
      const rule = type === 'a' ? 'a' : `${type} ${number(major)}:${number(minor)} ${access}`;
      return ['device-rule', fields(allow ? 'devices.allow' : 'devices.deny', rule)] as const;
    }),
  ];
}

/** What is left for devpts of mount options: its flags are always nosuid and noexec. */
function terminalData(options: readonly string[]): string {
  return options.filter((option) => !['nosuid', 'noexec', 'rw'].includes(option)).join(',');
}

/** The cgroups of a container: one in each hierarchy. Of an exec session with a `group`, that one in its hierarchy. */
export function cgroupOrders({ linux: { cgroupsPath } }: Pick<Spec, 'linux'>, all: readonly Hierarchy[], group?: SessionGroup): Orders {
  if (cgroupsPath === undefined) return [];
  return all.map(({ controllers, mounted }) => {
    const isIts = group !== undefined && containerGroup(group) === join(mounted, cgroupsPath);
    return ['cgroup', fields(controllers, mounted, join('/', cgroupsPath, isIts ? group.name : ''))] as const;
  });
}
