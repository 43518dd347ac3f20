import type { ContainerSpec, ResourceLimits } from '@shiplog/contracts';
import { MASKED_PATHS, READONLY_PATHS } from '@shiplog/oci';
import { mountFields } from './mount-points.ts';

/** HostConfig, rebuilt from the spec. */
export function hostConfigOf(spec: ContainerSpec, runtime: string): object {
  return {
    ...mountFields(spec),
    ContainerIDFile: '',
    LogConfig: { Type: spec.logDriver, Config: spec.logOptions },
    NetworkMode: spec.networkMode,
    PortBindings: portBindingsOf(spec),
    RestartPolicy: { Name: spec.restart.policy, MaximumRetryCount: spec.restart.maxRetries },
    AutoRemove: spec.autoRemove,
    VolumeDriver: '',
    VolumesFrom: null,
    ConsoleSize: [spec.consoleSize?.rows ?? 0, spec.consoleSize?.columns ?? 0],
    CapAdd: listOrNull(spec.capAdd),
    CapDrop: listOrNull(spec.capDrop),
    CgroupnsMode: spec.cgroupnsMode,
    Dns: spec.dns,
    DnsOptions: spec.dnsOptions,
    DnsSearch: spec.dnsSearch,
    ExtraHosts: listOrNull(spec.extraHosts),
    GroupAdd: listOrNull(spec.groupAdd),
    IpcMode: spec.ipcMode,
    Cgroup: '',
    Links: null,
    OomScoreAdj: spec.oomScoreAdj ?? 0,
    PidMode: spec.pidMode === 'private' ? '' : spec.pidMode,
    Privileged: spec.privileged,
    PublishAllPorts: spec.publishAllPorts,
    ReadonlyRootfs: spec.readonlyRootfs,
    ...(spec.rootfsSizeBytes === undefined ? {} : { StorageOpt: { size: String(spec.rootfsSizeBytes) } }),
    SecurityOpt: securityOptOf(spec),
    UTSMode: spec.utsMode === 'private' ? '' : spec.utsMode,
    UsernsMode: '',
    ShmSize: spec.shmSizeBytes,
    ...(Object.keys(spec.sysctls).length === 0 ? {} : { Sysctls: spec.sysctls }),
    ...(Object.keys(spec.annotations).length === 0 ? {} : { Annotations: spec.annotations }),
    ...(spec.init === undefined ? {} : { Init: spec.init }),
    Runtime: spec.runtime ?? runtime,
    Isolation: '',
    ...resourceFields(spec.resources),
    Devices: spec.devices.map(({ hostPath, containerPath, permissions }) => ({
      PathOnHost: hostPath,
      PathInContainer: containerPath,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: null,
    DeviceRequests: null,
    Ulimits: spec.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    MaskedPaths: spec.maskedPaths ?? (spec.privileged ? null : MASKED_PATHS),
    ReadonlyPaths: spec.readonlyPaths ?? (spec.privileged ? null : READONLY_PATHS),
  };
}

function portBindingsOf(spec: ContainerSpec): { readonly [port: string]: readonly object[] } {
  const bindings: { [port: string]: object[] } = {};
  for (const { containerPort, protocol, hostIp, hostPort } of spec.ports) {
    (bindings[`${containerPort}/${protocol}`] ??= []).push({ HostIp: hostIp, HostPort: hostPort === 0 ? '' : String(hostPort) });
  }
  return bindings;
}

function securityOptOf(spec: ContainerSpec): readonly string[] | null {
  return listOrNull([
    ...(spec.noNewPrivileges ? ['no-new-privileges'] : []),
    ...(spec.seccomp === 'default' ? [] : [`seccomp=${spec.seccomp}`]),
  ]);
}

function resourceFields(limits: ResourceLimits): object {
  const device = (name: 'readBps' | 'writeBps' | 'readIops' | 'writeIops'): readonly object[] =>
    (limits.io ?? []).flatMap((limit) => (limit[name] === undefined ? [] : [{ Path: limit.device, Rate: limit[name] }]));
  return {
    CpuShares: limits.cpuShares ?? 0,
    Memory: limits.memoryBytes ?? 0,
    // How `--cpus` was told apart from a quota is not kept; the quota says the same.
    NanoCpus: 0,
    CgroupParent: '',
    BlkioWeight: limits.ioWeight ?? 0,
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: device('readBps'),
    BlkioDeviceWriteBps: device('writeBps'),
    BlkioDeviceReadIOps: device('readIops'),
    BlkioDeviceWriteIOps: device('writeIops'),
    CpuPeriod: limits.cpuPeriodUs ?? 0,
    CpuQuota: limits.cpuQuotaUs ?? 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: limits.cpusetCpus ?? '',
    CpusetMems: limits.cpusetMems ?? '',
    MemoryReservation: limits.memoryReservationBytes ?? 0,
    MemorySwap: limits.memorySwapBytes ?? 0,
    MemorySwappiness: limits.memorySwappiness ?? null,
    OomKillDisable: limits.oomKillDisable ?? null,
    PidsLimit: limits.pids ?? null,
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

function listOrNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}
