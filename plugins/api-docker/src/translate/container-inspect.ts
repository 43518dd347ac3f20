import type { ContainerRecord, ContainerSize, ImageRecord, ProbeResults, StateView } from '@shiplog/contracts';
import { healthcheckConfig, healthState } from './healthcheck.ts';
import { isUp } from './container-status.ts';
import { labelsOf, mergeEnv, userOf } from './effective-config.ts';
import { hostAddress, networksOf, publishedPorts } from './endpoint-settings.ts';
import { hostConfigOf } from './host-config.ts';
import { anonymousTargets, mountPoints } from './mount-points.ts';
import { rfc3339 } from './time.ts';

export interface InspectOptions {
  /** The container's own environment, unsealed. */
  readonly env: readonly string[];
  /** What it was made from, its secrets in place. */
  readonly image: ImageRecord | undefined;
  /** Adds SizeRw and SizeRootFs. */
  readonly size?: ContainerSize | undefined;
  /** What this engine's probes of it found. */
  readonly probes?: ProbeResults | undefined;
}

/** Answer of `GET /containers/{id}/json`. */
export function containerInspect(container: ContainerRecord, view: StateView, options: InspectOptions): object {
  const { spec } = container;
  const { image } = options;
  const [path = '', ...args] = container.argv;
  const running = container.execIds.filter((id) => view.execs.get(id)?.status === 'running');
  return {
    Id: container.id,
    Created: rfc3339(container.createdAt),
    Path: path,
    Args: args,
    State: stateOf(container, options.probes),
    Image: container.imageId,
    ResolvConfPath: '',
    HostnamePath: '',
    HostsPath: '',
    LogPath: container.logPath,
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: container.storageDriver,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: running.length === 0 ? null : running,
    HostConfig: hostConfigOf(spec, container.runtime),
    GraphDriver: { Data: null, Name: container.storageDriver },
    ...sizesOf(options.size),
    Mounts: mountPoints(spec, view),
    Config: configOf(container, image, options.env),
    NetworkSettings: networkSettingsOf(container, view),
  };
}

/** What it wrote, and all that it sees. */
export function sizesOf(size: ContainerSize | undefined): object {
  return size === undefined ? {} : { SizeRw: size.own, SizeRootFs: size.rootfs };
}

function stateOf(container: ContainerRecord, probes: ProbeResults | undefined): object {
  return {
    Status: container.status,
    Running: isUp(container),
    Paused: container.status === 'paused',
    Restarting: container.status === 'restarting',
    OOMKilled: container.oomKilled,
    Dead: container.status === 'dead',
    Pid: isUp(container) ? (container.process?.pid ?? 0) : 0,
    ExitCode: container.status === 'running' || container.status === 'paused' ? 0 : container.exitCode,
    Error: container.error,
    StartedAt: rfc3339(container.startedAt),
    FinishedAt: rfc3339(container.finishedAt),
    ...healthState(container, probes),
  };
}

function configOf(container: ContainerRecord, image: ImageRecord | undefined, env: readonly string[]): object {
  const { spec } = container;
  const ports = [...new Set([...spec.exposedPorts, ...Object.keys(image?.config.ExposedPorts ?? {})])];
  const volumes = [...new Set([...anonymousTargets(spec), ...Object.keys(image?.config.Volumes ?? {})])];
  const stopSignal = spec.stopSignal ?? image?.config.StopSignal;
  return {
    Hostname: spec.hostname ?? container.id.slice(0, 12),
    Domainname: spec.domainname ?? '',
    User: userOf(spec, image),
    AttachStdin: spec.attachStdin,
    AttachStdout: spec.attachStdout,
    AttachStderr: spec.attachStderr,
    ...(ports.length === 0 ? {} : { ExposedPorts: emptyObjects(ports) }),
    Tty: spec.tty,
    OpenStdin: spec.openStdin,
    StdinOnce: spec.stdinOnce,
    Env: mergeEnv(image?.config.Env ?? [], env),
    Cmd: spec.cmd ?? (spec.entrypoint === undefined ? (image?.config.Cmd ?? null) : null),
    Image: spec.image,
    ...healthcheckConfig(spec, image?.config.Healthcheck),
    Volumes: volumes.length === 0 ? null : emptyObjects(volumes),
    WorkingDir: spec.workingDir === '' ? (image?.config.WorkingDir ?? '') : spec.workingDir,
    Entrypoint: spec.entrypoint === undefined ? (image?.config.Entrypoint ?? null) : spec.entrypoint.length === 0 ? null : spec.entrypoint,
    ...(spec.networkDisabled ? { NetworkDisabled: true } : {}),
    OnBuild: null,
    Labels: labelsOf(spec, image),
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    ...(spec.stopTimeout === undefined ? {} : { StopTimeout: spec.stopTimeout }),
    ...(spec.shell === undefined ? {} : { Shell: spec.shell }),
  };
}

function networkSettingsOf(container: ContainerRecord, view: StateView): object {
  const up = isUp(container);
  const bridge = up ? container.endpoints['bridge'] : undefined;
  return {
    Bridge: '',
    SandboxID: up ? container.id : '',
    SandboxKey: '',
    Ports: up ? portsOf(container) : {},
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge?.id ?? '',
    Gateway: bridge?.gateway ?? '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: bridge?.ipv4 ?? '',
    IPPrefixLen: bridge?.prefixLength ?? 0,
    IPv6Gateway: '',
    MacAddress: bridge?.mac ?? '',
    Networks: networksOf(container, view),
  };
}

function portsOf(container: ContainerRecord): { readonly [port: string]: readonly object[] | null } {
  const ports: { [port: string]: object[] | null } = Object.fromEntries(container.spec.exposedPorts.map((port) => [port, null]));
  for (const binding of publishedPorts(container)) {
    const key = `${binding.containerPort}/${binding.protocol}`;
    ports[key] = [...(ports[key] ?? []), { HostIp: hostAddress(binding), HostPort: String(binding.hostPort) }];
  }
  return ports;
}

function emptyObjects(keys: readonly string[]): { readonly [key: string]: object } {
  return Object.fromEntries(keys.toSorted().map((key) => [key, {}]));
}
