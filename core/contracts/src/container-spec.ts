import type { SecretRef } from './vault.ts';

/** tcp, udp or sctp. */
export type Protocol = 'tcp' | 'udp' | 'sctp';

/** A container port that the host publishes. `hostPort` 0 lets the engine choose; `hostIp` '' means all addresses. */
export interface PortBinding {
  readonly protocol: Protocol;
  readonly containerPort: number;
  readonly hostIp: string;
  readonly hostPort: number;
}

/** A file system brought into the container. Paths are absolute and clean. */
export type MountSpec =
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly propagation?: 'rprivate' | 'private' | 'rshared' | 'shared' | 'rslave' | 'slave';
      /** Makes the source directory if it is missing, as `-v` does and `--mount` does not. */
      readonly createSource?: boolean;
    }
  | {
      readonly type: 'volume';
      /** Volume name. Empty in a command: an anonymous volume, which the decision names. */
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly anonymous?: boolean;
      /** What the image has at `target` is not copied into an empty volume. */
      readonly noCopy?: boolean;
      /** Of a volume that this mount brings into being. */
      readonly driver?: string;
      readonly options?: { readonly [option: string]: string };
      readonly labels?: { readonly [label: string]: string };
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      readonly readOnly: boolean;
      readonly sizeBytes?: number;
      readonly mode?: number;
      readonly options?: readonly string[];
    };

/** Limits of a cgroup. Absent means not set; sizes in bytes, times in microseconds. The same words for v1 and v2. */
export interface ResourceLimits {
  readonly memoryBytes?: number;
  readonly memoryReservationBytes?: number;
  /** Memory and swap together; -1 for unlimited swap. */
  readonly memorySwapBytes?: number;
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: boolean;
  /** Relative weight, 2 to 262144, 1024 is usual (the v1 scale). */
  readonly cpuShares?: number;
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1 or absent: unlimited. */
  readonly pids?: number;
  /** 10 to 1000. */
  readonly ioWeight?: number;
  readonly io?: readonly {
    /** Device node on the host. */
    readonly device: string;
    readonly readBps?: number;
    readonly writeBps?: number;
    readonly readIops?: number;
    readonly writeIops?: number;
  }[];
  /** Huge pages by their size, such as `2MB` and `1GB`. */
  readonly hugetlb?: readonly { readonly pageSize: string; readonly bytes: number }[];
  /** What an RDMA device of this host gives. */
  readonly rdma?: readonly { readonly device: string; readonly handles?: number; readonly objects?: number }[];
}

export interface DeviceSpec {
  readonly hostPath: string;
  readonly containerPath: string;
  /** Any of r, w and m. */
  readonly permissions: string;
}

/** `host`: the host's. `private`: its own. `container:<id>`: another container's. */
export type NamespaceMode = 'host' | 'private' | `container:${string}`;

/** `bridge`, `none`, `host`, a network's name or id, or `container:<id>`. */
export type NetworkMode = string;

/** How it is found out whether a container is well. What is absent is as the image says, or else Docker's default. Times in nanoseconds. */
export interface HealthcheckSpec {
  /** `['CMD', …]`, `['CMD-SHELL', line]`, or `['NONE']`: not at all. */
  readonly test?: readonly string[];
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}

/** What the client asked about one network the container joins. */
export interface EndpointRequest {
  readonly aliases?: readonly string[];
  /** `name:alias`: for this container alone, the alias stands for the one that goes by the name there. */
  readonly links?: readonly string[];
  readonly ipv4?: string;
  readonly mac?: string;
}

/**
 * A container as it was asked for, normalised: every default is filled in except what the image decides, and values of
 * environment variables are replaced by a reference into the vault. This is what the log keeps.
 */
export interface ContainerSpec {
  /** The reference the client gave. */
  readonly image: string;
  readonly hostname?: string;
  readonly domainname?: string;
  /** `user[:group]`, names or numbers; '' for the image's. */
  readonly user: string;
  readonly workingDir: string;
  /** Absent: the image's. Empty: none. */
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env: EnvSpec;
  /** Where the secrets are that its texts have marks for (`[sealed:PLACE:HASH]`). Set by the engine, never by a client. */
  readonly sealed?: SecretRef;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  readonly labels: { readonly [label: string]: string };
  readonly stopSignal?: string;
  /** Seconds; -1 waits for ever; absent: 10. */
  readonly stopTimeout?: number;
  readonly healthcheck?: HealthcheckSpec;
  /** What runs lines of health checks (`CMD-SHELL`); absent or empty: the image's, else `/bin/sh -c`. */
  readonly shell?: readonly string[];
  /** `80/tcp`. */
  readonly exposedPorts: readonly string[];
  readonly networkDisabled: boolean;

  readonly autoRemove: boolean;
  readonly restart: { readonly policy: 'no' | 'always' | 'on-failure' | 'unless-stopped'; readonly maxRetries: number };
  readonly networkMode: NetworkMode;
  readonly endpoints: { readonly [network: string]: EndpointRequest };
  /** It was disconnected from the network of `networkMode`. */
  readonly leftMain?: true;
  readonly ports: readonly PortBinding[];
  readonly publishAllPorts: boolean;
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  /** `name:address`. */
  readonly extraHosts: readonly string[];
  readonly mounts: readonly MountSpec[];
  readonly readonlyRootfs: boolean;
  /** The most that may be written into its root file system; absent: what there is. */
  readonly rootfsSizeBytes?: number;
  readonly shmSizeBytes: number;
  readonly privileged: boolean;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly noNewPrivileges: boolean;
  /** `default`, `unconfined`, or a profile as JSON text. */
  readonly seccomp: string;
  readonly groupAdd: readonly string[];
  readonly sysctls: { readonly [name: string]: string };
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly oomScoreAdj?: number;
  readonly resources: ResourceLimits;
  readonly devices: readonly DeviceSpec[];
  readonly ipcMode: NamespaceMode;
  readonly pidMode: NamespaceMode;
  readonly utsMode: NamespaceMode;
  readonly cgroupnsMode: NamespaceMode;
  /** Absent: as it is by default, without one. Older logs always have it. */
  readonly init?: boolean;
  /** OCI runtime by name; absent: the engine's default. */
  readonly runtime?: string;
  readonly logDriver: string;
  readonly logOptions: { readonly [option: string]: string };
  /** Absent: the default lists. Empty: none. */
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly annotations: { readonly [name: string]: string };
  /** Initial terminal size. */
  readonly consoleSize?: { readonly rows: number; readonly columns: number };
}

/** Environment as the log knows it: names in order, a keyed hash of the values, and where the values are. */
export interface EnvSpec {
  readonly names: readonly string[];
  readonly secret?: SecretRef;
}

/** What an exec session runs. */
export interface ExecSpec {
  readonly command: readonly string[];
  readonly env: EnvSpec;
  /** Where the secrets are that its texts have marks for (`[sealed:PLACE:HASH]`). Set by the engine, never by a client. */
  readonly sealed?: SecretRef;
  readonly user: string;
  readonly workingDir: string;
  readonly tty: boolean;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  /** Keys that leave its terminal, as Docker writes them (`ctrl-p,ctrl-q`), where they are not the usual ones. */
  readonly detachKeys?: string;
  readonly privileged: boolean;
  readonly consoleSize?: { readonly rows: number; readonly columns: number };
}
