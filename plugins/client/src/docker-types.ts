/*
 * The parts of Docker's Engine API that this client names. Spelling and shapes are the API's; times are RFC 3339 or unix
 * seconds, sizes bytes. Fields the CLI does not read are left out.
 */

export interface CreateRequest {
  Image: string;
  Hostname?: string;
  Domainname?: string;
  User?: string;
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  Tty?: boolean;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  Env?: string[];
  Cmd?: string[];
  Entrypoint?: string[];
  WorkingDir?: string;
  Labels?: Record<string, string>;
  Volumes?: Record<string, object>;
  ExposedPorts?: Record<string, object>;
  StopSignal?: string;
  StopTimeout?: number;
  /** Times in nanoseconds. */
  Healthcheck?: {
    Test?: string[];
    Interval?: number;
    Timeout?: number;
    Retries?: number;
    StartPeriod?: number;
    StartInterval?: number;
  };
  HostConfig: HostConfig;
  NetworkingConfig?: { EndpointsConfig: Record<string, EndpointConfig> };
}

export interface HostConfig {
  Binds?: string[];
  Mounts?: Mount[];
  Tmpfs?: Record<string, string>;
  NetworkMode?: string;
  PortBindings?: Record<string, { HostIp: string; HostPort: string }[]>;
  PublishAllPorts?: boolean;
  RestartPolicy?: { Name: string; MaximumRetryCount: number };
  AutoRemove?: boolean;
  ContainerIDFile?: string;
  ConsoleSize?: [number, number];
  CapAdd?: string[];
  CapDrop?: string[];
  Privileged?: boolean;
  ReadonlyRootfs?: boolean;
  SecurityOpt?: string[];
  GroupAdd?: string[];
  Sysctls?: Record<string, string>;
  ShmSize?: number;
  StorageOpt?: { readonly [option: string]: string };
  Memory?: number;
  MemoryReservation?: number;
  MemorySwap?: number;
  NanoCpus?: number;
  CpuShares?: number;
  CpuPeriod?: number;
  CpuQuota?: number;
  CpusetCpus?: string;
  CpusetMems?: string;
  BlkioWeight?: number;
  PidsLimit?: number;
  Ulimits?: { Name: string; Soft: number; Hard: number }[];
  Devices?: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[];
  Dns?: string[];
  DnsSearch?: string[];
  DnsOptions?: string[];
  ExtraHosts?: string[];
  IpcMode?: string;
  PidMode?: string;
  UTSMode?: string;
  CgroupnsMode?: string;
  OomScoreAdj?: number;
  Runtime?: string;
  Init?: boolean;
  Annotations?: Record<string, string>;
  LogConfig?: { Type: string; Config: Record<string, string> };
}

/** Limits and restart policy to change; what is left out stays. */
export type UpdateRequest = Pick<
  HostConfig,
  | 'Memory'
  | 'MemoryReservation'
  | 'MemorySwap'
  | 'NanoCpus'
  | 'CpuShares'
  | 'CpuPeriod'
  | 'CpuQuota'
  | 'CpusetCpus'
  | 'CpusetMems'
  | 'BlkioWeight'
  | 'PidsLimit'
  | 'RestartPolicy'
>;

/** One sample of what a container uses, and the one before it. Of one that does not run all is zero or missing. */
export interface ContainerStats {
  readonly name: string;
  readonly id: string;
  readonly pids_stats: { readonly current?: number };
  readonly cpu_stats: CpuSample;
  readonly precpu_stats: CpuSample;
  readonly memory_stats: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: { readonly [name: string]: number };
  };
  readonly blkio_stats: {
    readonly io_service_bytes_recursive: readonly { readonly op: string; readonly value: number }[] | null;
  };
  readonly networks?: { readonly [name: string]: { readonly rx_bytes: number; readonly tx_bytes: number } };
}

interface CpuSample {
  readonly cpu_usage: { readonly total_usage: number };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}

export interface Mount {
  Type: string;
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  BindOptions?: { Propagation?: string; CreateMountpoint?: boolean };
  VolumeOptions?: { NoCopy?: boolean };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

export interface EndpointConfig {
  IPAMConfig?: { IPv4Address?: string };
  Aliases?: string[];
  MacAddress?: string;
}

export interface ContainerSummary {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  readonly Command: string;
  /** Unix seconds. */
  readonly Created: number;
  readonly Ports: readonly { readonly IP?: string; readonly PrivatePort: number; readonly PublicPort?: number; readonly Type: string }[];
  readonly Labels: { readonly [label: string]: string };
  readonly State: string;
  readonly Status: string;
  readonly Mounts?: readonly { readonly Name?: string; readonly Source?: string }[];
  readonly NetworkSettings?: { readonly Networks?: { readonly [network: string]: unknown } };
  readonly SizeRw?: number;
  readonly SizeRootFs?: number;
}

export interface ContainerDetails {
  readonly Id: string;
  readonly Name: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly Restarting: boolean;
    readonly ExitCode: number;
    readonly Error?: string;
  };
  readonly Config: { readonly Tty: boolean; readonly OpenStdin: boolean; readonly AttachStdin?: boolean };
  readonly HostConfig?: { readonly AutoRemove?: boolean };
  readonly [field: string]: unknown;
}

export interface ExecRequest {
  Cmd: string[];
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  Tty: boolean;
  Privileged?: boolean;
  User?: string;
  WorkingDir?: string;
  Env?: string[];
  DetachKeys?: string;
  ConsoleSize?: [number, number];
}

export interface PathStat {
  readonly name: string;
  readonly size: number;
  /** Go's os.FileMode: the highest bit says directory, bit 27 symbolic link. */
  readonly mode: number;
  /** RFC 3339. */
  readonly mtime: string;
  /** Where a link leads in the container. */
  readonly linkTarget: string;
}

export interface ImageSummary {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  /** Unix seconds. */
  readonly Created: number;
  readonly Size: number;
  readonly Labels: { readonly [label: string]: string } | null;
  readonly Containers?: number;
  /** Bytes that other images have, too; -1 where it was not asked. */
  readonly SharedSize?: number;
}

/** What there is of a kind. Bytes; `Reclaimable`: what goes with those that are not active. */
export interface UsageSummary {
  readonly TotalCount: number;
  readonly ActiveCount: number;
  readonly TotalSize: number;
  readonly Reclaimable: number;
}

export interface DiskUsage {
  readonly LayersSize: number;
  readonly Images: readonly ImageSummary[];
  readonly Containers: readonly ContainerSummary[];
  readonly Volumes: readonly (VolumeSummary & { readonly UsageData: { readonly Size: number; readonly RefCount: number } })[];
  readonly ImageUsage?: UsageSummary;
  readonly ContainerUsage?: UsageSummary;
  readonly VolumeUsage?: UsageSummary;
}

/** What is to be built; the context is a tar. */
export interface BuildQuery {
  /** Path of the Dockerfile in the context. */
  readonly dockerfile?: string;
  readonly tags?: readonly string[];
  /** Null: named, without a value. */
  readonly buildArgs?: { readonly [name: string]: string | null };
  readonly labels?: { readonly [name: string]: string };
  readonly target?: string;
  readonly platform?: string;
  readonly noCache?: boolean;
  /** Ask sources for newer images. */
  readonly pull?: boolean;
  /** Print nothing but the id. */
  readonly quiet?: boolean;
  /** Remove containers of steps that succeeded, and with `forceRemove` of those that failed. */
  readonly remove?: boolean;
  readonly forceRemove?: boolean;
  readonly networkMode?: string;
  /** `name:address`. */
  readonly extraHosts?: readonly string[];
  /** Bytes. */
  readonly memory?: number;
  readonly shmSize?: number;
}

/** What a prune removed; each kind has a list of its own, null for nothing. */
export interface PruneAnswer {
  readonly ContainersDeleted?: readonly string[] | null;
  readonly ImagesDeleted?: readonly { readonly Untagged?: string; readonly Deleted?: string }[] | null;
  /** By name. */
  readonly NetworksDeleted?: readonly string[] | null;
  readonly VolumesDeleted?: readonly string[] | null;
  /** Bytes; networks take none. */
  readonly SpaceReclaimed?: number;
}

export interface ImageHistoryEntry {
  readonly Id: string;
  /** Unix seconds. */
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Size: number;
  readonly Comment: string;
  readonly Tags: readonly string[] | null;
}

/** A line of the answer to what takes long: pull, push, load, import, build. */
export interface ProgressLine {
  readonly status?: string;
  readonly id?: string;
  readonly stream?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  /** `shiplog` is what Shiplog says beyond Docker. */
  readonly errorDetail?: { readonly message: string; readonly shiplog?: object };
  /** What a build made. */
  readonly aux?: { readonly ID?: string };
}

/** An event in Docker's words. */
export interface DockerEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: { readonly [name: string]: string } };
  readonly scope: string;
  readonly time: number;
  readonly timeNano: number;
}

export interface NetworkSummary {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Scope: string;
  readonly Created: string;
  readonly Internal: boolean;
  readonly EnableIPv6?: boolean;
  readonly Labels: { readonly [label: string]: string } | null;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null };
  readonly [field: string]: unknown;
}

export interface NetworkRequest {
  Name: string;
  Driver: string;
  Internal?: boolean;
  IPAM?: { Driver: string; Config: { Subnet?: string; Gateway?: string }[] };
  Options?: Record<string, string>;
  Labels?: Record<string, string>;
}

export interface VolumeSummary {
  readonly Name: string;
  readonly Driver: string;
  readonly Mountpoint: string;
  readonly Scope?: string;
  readonly CreatedAt?: string;
  readonly Labels: { readonly [label: string]: string } | null;
  readonly [field: string]: unknown;
}

export interface VersionAnswer {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
  readonly Os: string;
  readonly Arch: string;
  readonly KernelVersion?: string;
  readonly [field: string]: unknown;
}

/** `GET /info` has many fields; the CLI names those it prints. */
export interface DockerInfo {
  readonly ID?: string;
  readonly Name?: string;
  readonly Containers?: number;
  readonly ContainersRunning?: number;
  readonly ContainersPaused?: number;
  readonly ContainersStopped?: number;
  readonly Images?: number;
  readonly ServerVersion?: string;
  readonly Driver?: string;
  readonly LoggingDriver?: string;
  readonly CgroupDriver?: string;
  readonly CgroupVersion?: string;
  readonly DefaultRuntime?: string;
  readonly KernelVersion?: string;
  readonly OperatingSystem?: string;
  readonly OSType?: string;
  readonly Architecture?: string;
  readonly NCPU?: number;
  readonly MemTotal?: number;
  readonly DockerRootDir?: string;
  readonly Warnings?: readonly string[] | null;
  readonly [field: string]: unknown;
}

/** Filters of a list: values by key. */
export type Filters = { readonly [key: string]: readonly string[] };
