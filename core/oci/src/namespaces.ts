import { type ContainerSpec, type NamespaceMode, ShiplogError } from '@shiplog/contracts';
import type { OciNamespace } from './oci-spec.ts';

/** Namespace files of other containers, such as `/proc/<pid>/ns/pid`; needed for a mode `container:<id>`. */
export interface JoinedNamespaces {
  readonly pid?: string;
  readonly ipc?: string;
  readonly uts?: string;
  readonly cgroup?: string;
}

/** Where a container's network namespace comes from: the host's, a new empty one, or the file of an existing one. */
export type NetworkSandbox = 'host' | 'private' | `/${string}`;

/** The namespaces of a container by the modes of its spec. Throws SPEC_INVALID when one is to be joined and its file is not given. */
export function namespaces(spec: ContainerSpec, network: NetworkSandbox, joined: JoinedNamespaces): readonly OciNamespace[] {
  const modes: readonly (readonly [keyof JoinedNamespaces, NamespaceMode])[] = [
    ['pid', spec.pidMode],
    ['ipc', spec.ipcMode],
    ['uts', spec.utsMode],
    ['cgroup', spec.cgroupnsMode],
  ];
  const all: OciNamespace[] = [{ type: 'mount' }];
  if (network === 'private') all.push({ type: 'network' });
  else if (network !== 'host') all.push({ type: 'network', path: network });
  for (const [type, mode] of modes) {
    if (mode === 'host') continue;
    if (mode === 'private') {
      all.push({ type });
      continue;
    }
    const path = joined[type];
    if (path === undefined)
      throw new ShiplogError('SPEC_INVALID', `cannot join the ${type} namespace of ${mode}: it does not run`, { type, mode });
    all.push({ type, path });
  }
  return all;
}
