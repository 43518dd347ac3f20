import type { ContainerSpec, ExecSpec, PortBinding } from './container-spec.ts';
import type { Digest, ImageManifest } from './image.ts';
import type { Json } from './json.ts';
import type { SecretRef } from './vault.ts';

/** A process beyond doubt: a pid alone is reused, a pid with its start time (proc(5), field 22) and boot is not. */
export interface ProcessRef {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

/** Docker's words for where a container is in its life. `removing`: a removal is under way. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'removing' | 'dead';

/** A container's place on one network. Address and MAC are leased by the log while the container is up. */
export interface EndpointRecord {
  /** Endpoint id, 64 hex. */
  readonly id: string;
  readonly networkId: string;
  readonly networkName: string;
  /** Interface inside the container. */
  readonly ifName: string;
  /** Address without prefix; '' where the driver gives none. */
  readonly ipv4: string;
  readonly prefixLength: number;
  readonly gateway: string;
  readonly mac: string;
  readonly aliases: readonly string[];
  /** Ports published through this endpoint, host ports decided. */
  readonly ports: readonly PortBinding[];
}

/** How a container is by its health check. `failingStreak`: failures since the last success. */
export interface HealthRecord {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  readonly failingStreak: number;
}

export interface ContainerRecord {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly spec: ContainerSpec;
  readonly imageId: Digest;
  /** What will run: entrypoint and cmd of spec and image, merged. */
  readonly argv: readonly string[];
  readonly status: ContainerStatus;
  /** Nanoseconds since the epoch, decimal, of the event that made it so; '' for never. */
  readonly createdAt: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly process?: ProcessRef;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Why the last start failed, '' if it did not. */
  readonly error: string;
  readonly restartCount: number;
  /** Of its last run; absent without a health check. */
  readonly health?: HealthRecord;
  /** The last stop was asked for: restart policies other than `always` hold still. */
  readonly stopRequested: boolean;
  readonly storageDriver: string;
  readonly runtime: string;
  readonly logDriver: string;
  /** Absolute path of the log the driver reads; a fact of the host. */
  readonly logPath: string;
  /** By network name. Present while it holds leases, and for configured networks (with empty addresses) otherwise. */
  readonly endpoints: { readonly [network: string]: EndpointRecord };
  /** The host still holds resources for it (mounts, endpoints, cgroup): set by start, cleared by release or removal. */
  readonly active: boolean;
  /** The network driver that made its namespace, once that need not be its first network's any more. */
  readonly sandbox?: string;
  readonly execIds: readonly string[];
  /** The operation under way on it, if any. */
  readonly busy?: { readonly op: string; readonly verb: string };
}

export interface ExecRecord {
  readonly id: string;
  readonly containerId: string;
  readonly spec: ExecSpec;
  readonly status: 'created' | 'running' | 'exited';
  readonly process?: ProcessRef;
  /** Absent while it runs. */
  readonly exitCode?: number;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

export interface ImageRecord extends ImageManifest {
  /** `name:tag`, in Docker's familiar form. */
  readonly tags: readonly string[];
  /** `name@sha256:…`. */
  readonly repoDigests: readonly string[];
  /** When it came here, nanoseconds since the epoch, decimal. */
  readonly arrivedAt: string;
  readonly lastTaggedAt: string;
  /** What it was built of, by a build on this engine. */
  readonly parent?: Digest;
  /** The storage driver that holds its layers as snapshots, and those of containers made from it. */
  readonly storageDriver: string;
}

export interface NetworkRecord {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** CIDR; '' where the driver gives no addresses. */
  readonly subnet: string;
  readonly gateway: string;
  readonly internal: boolean;
  readonly predefined: boolean;
  readonly options: { readonly [option: string]: string };
  readonly labels: { readonly [label: string]: string };
  /** Where the secrets are that options and labels have marks for. */
  readonly sealed?: SecretRef;
  readonly createdAt: string;
}

export interface VolumeRecord {
  readonly name: string;
  readonly driver: string;
  readonly options: { readonly [option: string]: string };
  readonly labels: { readonly [label: string]: string };
  /** Where the secrets are that options and labels have marks for. */
  readonly sealed?: SecretRef;
  readonly anonymous: boolean;
  /** Path on the host. */
  readonly mountpoint: string;
  readonly createdAt: string;
}

/** What can be looked at by name, with its record. */
export interface ObjectRecords {
  readonly container: ContainerRecord;
  readonly image: ImageRecord;
  readonly network: NetworkRecord;
  readonly volume: VolumeRecord;
}

export type ObjectKind = keyof ObjectRecords;

/** An intent that has no outcome yet. How far it came is in its stream: the `operation.step` events after the intent. */
export interface OpenOperation {
  readonly op: string;
  /** Position of the intent. */
  readonly seq: number;
  readonly verb: string;
  readonly stream: string;
  readonly inst: string;
  /** Streams of the networks or volumes that a prune takes away. */
  readonly removes?: readonly string[];
  /** What drivers journaled, by step. Forgotten at a reboot. */
  readonly answers?: { readonly [step: string]: { readonly value?: Json } };
}

/** A plugin that is disabled. */
export interface PluginRecord {
  readonly name: string;
  readonly enabled: false;
  /** Nanoseconds since the epoch, decimal. */
  readonly disabledAt: string;
}

/** The engine at one moment. All of it is folded from the log; reading it never changes it. */
export interface StateView {
  /** Position of the last event folded in; -1 for none. */
  readonly seq: number;
  readonly containers: ReadonlyMap<string, ContainerRecord>;
  readonly execs: ReadonlyMap<string, ExecRecord>;
  /** By id. */
  readonly images: ReadonlyMap<string, ImageRecord>;
  /** By id. */
  readonly networks: ReadonlyMap<string, NetworkRecord>;
  /** By name. */
  readonly volumes: ReadonlyMap<string, VolumeRecord>;
  /** Plugins that are disabled, by name. */
  readonly plugins: ReadonlyMap<string, PluginRecord>;
  readonly openOperations: ReadonlyMap<string, OpenOperation>;
  /** Name, full id or unique id prefix. Throws CONTAINER_NOT_FOUND or REFERENCE_AMBIGUOUS. */
  container(ref: string): ContainerRecord;
  /** Full id or unique prefix. Throws EXEC_NOT_FOUND. */
  exec(ref: string): ExecRecord;
  /** Reference, id or unique id prefix. Throws IMAGE_NOT_FOUND or REFERENCE_AMBIGUOUS. */
  image(ref: string): ImageRecord;
  /** Exact name before id prefix. Throws NETWORK_NOT_FOUND. */
  network(ref: string): NetworkRecord;
  /** Throws VOLUME_NOT_FOUND. */
  volume(name: string): VolumeRecord;
}
