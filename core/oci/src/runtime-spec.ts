import { type ContainerRecord, type ContainerSpec, type ImageRecord, ShiplogError } from '@shiplog/contracts';
import { capabilitySet, ociCapabilities } from './capabilities.ts';
import { type BundleFile, containerMounts, type ResolvedMount, rootPropagation } from './container-mounts.ts';
import { deviceRules } from './device-rules.ts';
import { containerEnv } from './environment.ts';
import { type JoinedNamespaces, namespaces, type NetworkSandbox } from './namespaces.ts';
import type { OciProcess, OciSpec } from './oci-spec.ts';
import { MASKED_PATHS, READONLY_PATHS } from './protected-paths.ts';
import { rlimits } from './rlimits.ts';
import { workingDirectory } from './working-directory.ts';

/** What a runtime spec is made of. */
export interface RuntimeSpecInput {
  readonly container: Pick<ContainerRecord, 'id' | 'spec' | 'argv'>;
  readonly image: Pick<ImageRecord, 'config'>;
  /** The values asked for, `NAME=value`; those of the image are added here. */
  readonly env: readonly string[];
  /** Where the root file system is mounted. */
  readonly rootfs: string;
  /** The network namespace's file. Absent: the host's if the network mode is `host`, else a new one without any link. */
  readonly sandboxPath?: string;
  /** True: share the host's network, whatever the network mode is called. */
  readonly hostNetwork?: boolean;
  readonly cgroupsPath?: string;
  readonly hostname: string;
  /** The user's mounts, volumes already resolved: see {@link resolveMounts}. */
  readonly mounts: readonly ResolvedMount[];
  /** Files the runtime driver writes into the bundle, shown in `/etc`. */
  readonly bundleFiles: readonly BundleFile[];
  /** Namespace files of the containers that `container:<id>` modes name. */
  readonly joined?: JoinedNamespaces;
  /** Directory with the shared memory of the container whose IPC namespace is joined. */
  readonly shmPath?: string;
}

/**
 * The OCI runtime spec of a container (runtime-spec 1.0.2), with Docker's defaults of least privilege. Pure.
 *
 * Left to the runtime driver: user ids and HOME, the seccomp profile, numbers of `devices`, an init. Left to the cgroup
 * driver: limits. Throws SPEC_INVALID for a contradiction.
 */
export function runtimeSpec(input: RuntimeSpecInput): OciSpec {
  const { container, hostname } = input;
  const { spec } = container;
  const network = sandboxOf(input);
  const propagation = rootPropagation(input.mounts);
  return {
    ociVersion: '1.0.2',
    process: containerProcess(input),
    root: { path: input.rootfs, readonly: spec.readonlyRootfs },
    // A name can only be given to a UTS namespace of one's own.
    ...(spec.utsMode === 'private' ? { hostname } : {}),
    mounts: containerMounts({
      spec,
      mounts: input.mounts,
      bundleFiles: input.bundleFiles,
      ...(input.shmPath === undefined ? {} : { shmPath: input.shmPath }),
    }),
    annotations: spec.annotations,
    linux: {
      namespaces: namespaces(spec, network, input.joined ?? {}),
      ...(input.cgroupsPath === undefined ? {} : { cgroupsPath: input.cgroupsPath }),
      resources: { devices: deviceRules(spec.privileged) },
      sysctl: sysctls(spec, network),
      maskedPaths: spec.privileged ? [] : (spec.maskedPaths ?? MASKED_PATHS),
      readonlyPaths: spec.privileged ? [] : (spec.readonlyPaths ?? READONLY_PATHS),
      ...(propagation === undefined ? {} : { rootfsPropagation: propagation }),
    },
  };
}

/** What privileges a process of the container has: the same for its main process and for exec sessions. */
export function processPrivileges(
  spec: ContainerSpec,
  privileged: boolean,
): Pick<OciProcess, 'capabilities' | 'noNewPrivileges' | 'rlimits'> {
  return {
    capabilities: ociCapabilities(capabilitySet({ privileged, add: spec.capAdd, drop: spec.capDrop })),
    noNewPrivileges: spec.noNewPrivileges,
    ...(spec.ulimits.length === 0 ? {} : { rlimits: rlimits(spec.ulimits) }),
  };
}

function containerProcess({ container, image, env, hostname }: RuntimeSpecInput): OciProcess {
  const { spec, argv } = container;
  if (argv.length === 0) throw new ShiplogError('SPEC_INVALID', 'no command specified');
  return {
    terminal: spec.tty,
    ...(spec.tty && spec.consoleSize !== undefined
      ? { consoleSize: { height: spec.consoleSize.rows, width: spec.consoleSize.columns } }
      : {}),
    user: { uid: 0, gid: 0 },
    args: argv,
    env: containerEnv({ hostname, tty: spec.tty, image: image.config.Env ?? [], asked: env }),
    cwd: workingDirectory(spec, image.config),
    ...processPrivileges(spec, spec.privileged),
    ...(spec.oomScoreAdj === undefined ? {} : { oomScoreAdj: spec.oomScoreAdj }),
  };
}

function sandboxOf(input: RuntimeSpecInput): NetworkSandbox {
  const { networkMode } = input.container.spec;
  if (input.hostNetwork ?? networkMode === 'host') return 'host';
  const path = input.sandboxPath;
  if (path === undefined) {
    if (!networkMode.startsWith('container:')) return 'private';
    throw new ShiplogError('SPEC_INVALID', `cannot join the network of ${networkMode}: it does not run`, { networkMode });
  }
  if (!isAbsolute(path)) throw new ShiplogError('INTERNAL', `a network namespace file needs an absolute path, not ${path}`);
  return path;
}

function isAbsolute(path: string): path is `/${string}` {
  return path.startsWith('/');
}

/** Root inside needs no privilege for low ports and ping in a network of its own, as with Docker. */
function sysctls(spec: ContainerSpec, network: NetworkSandbox): { readonly [name: string]: string } {
  const ownNetwork = network !== 'host' && !spec.networkMode.startsWith('container:');
  const domain = spec.domainname !== undefined && spec.domainname !== '' && spec.utsMode === 'private';
  return {
    ...(ownNetwork ? { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' } : {}),
    ...(domain ? { 'kernel.domainname': spec.domainname } : {}),
    ...spec.sysctls,
  };
}
