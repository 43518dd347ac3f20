import type { Process, Spec } from '@shiplog/conmon';
import type { Orders } from './orders.ts';

/** OCI's names of namespaces, and LXC's. */
const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['pid', 'pid'],
  ['network', 'net'],
  ['mount', 'mnt'],
  ['ipc', 'ipc'],
  ['uts', 'uts'],
  ['cgroup', 'cgroup'],
]);

/** From here on a limit is none. */
const NO_LIMIT = 2 ** 63;

/** A container as items of lxc.container.conf(5). Cgroups, devices, terminals and what is masked are not LXC's here. Pure. */
export function lxcConfig(spec: Spec, mounts: readonly string[], seccompFile: string | undefined): Orders {
  const { process, root, hostname, linux } = spec;
  const rootOptions = [
    ...(root.readonly === true ? ['ro'] : []),
    ...(linux.rootfsPropagation === undefined ? [] : [linux.rootfsPropagation]),
  ];
  const items: readonly (readonly [string, string | number])[] = [
    ['lxc.rootfs.path', `dir:${root.path}`],
    ...(rootOptions.length === 0 ? [] : [['lxc.rootfs.options', rootOptions.join(',')] as const]),
    ['lxc.console.path', 'none'],
    ['lxc.tty.max', 0],
    ['lxc.pty.max', 0],
    ['lxc.autodev', 0],
    ['lxc.keyring.session', 0],
    ['lxc.apparmor.profile', 'unconfined'],
    ...(hostname === undefined ? [] : [['lxc.uts.name', hostname] as const]),
    ...namespaceItems(linux.namespaces ?? []),
    ...mounts.map((entry) => ['lxc.mount.entry', entry] as const),
    ...(seccompFile === undefined ? [] : [['lxc.seccomp.profile', seccompFile] as const]),
    ...processItems(process),
  ];
  return items.map(([key, value]) => ['item', `${key}=${value}`]);
}

function namespaceItems(all: NonNullable<Spec['linux']['namespaces']>): readonly (readonly [string, string])[] {
  // A network that is made for the container is joined too: `lua/create.lua` makes it.
  const own = all.filter(({ type, path }) => path === undefined && type !== 'network').map(({ type }) => NAMESPACES.get(type) ?? type);
  return [
    ['lxc.namespace.clone', own.join(' ')],
    ...all.flatMap(({ type, path }) =>
      path === undefined ? [] : [[`lxc.namespace.share.${NAMESPACES.get(type) ?? type}`, path] as const],
    ),
  ];
}

function processItems(process: Process): readonly (readonly [string, string | number])[] {
  const { user, cwd, env = [], capabilities, rlimits = [], noNewPrivileges, oomScoreAdj } = process;
  const groups = user?.additionalGids ?? [];
  const bounding = (capabilities?.bounding ?? []).map((name) => name.replace(/^CAP_/, '').toLowerCase());
  return [
    ['lxc.init.uid', user?.uid ?? 0],
    ['lxc.init.gid', user?.gid ?? 0],
    ...(groups.length === 0 ? [] : [['lxc.init.groups', groups.join(',')] as const]),
    ['lxc.init.cwd', cwd ?? '/'],
    ...env.map((entry) => ['lxc.environment', entry] as const),
    ['lxc.cap.keep', bounding.length === 0 ? 'none' : bounding.join(' ')],
    ...rlimits.map(
      ({ type, soft, hard }) => [`lxc.prlimit.${type.replace('RLIMIT_', '').toLowerCase()}`, `${limit(soft)}:${limit(hard)}`] as const,
    ),
    ...(noNewPrivileges === true ? [['lxc.no_new_privs', 1] as const] : []),
    ...(oomScoreAdj === undefined ? [] : [['lxc.proc.oom_score_adj', oomScoreAdj] as const]),
  ];
}

function limit(value: number): string {
  return value >= NO_LIMIT ? 'unlimited' : String(value);
}
