import type { Actor, Caller } from './actor.ts';
import type { CommandAnswers } from './answers.ts';
import type { CommandArgs, CommandType } from './commands.ts';
import type { StreamName } from './envelope.ts';
import type { EventLogReader } from './event-log.ts';
import type { ContentStream, ContentVerb, ReadVerb } from './events.ts';
import type { CgroupStats } from './drivers/cgroup.ts';
import type { OpenFiles, PathStat } from './drivers/container-files.ts';
import type { ImagePlatform } from './drivers/image-store.ts';
import type { BlobDescriptor } from './image.ts';
import type { PathChange } from './drivers/storage.ts';
import type { LogRecord } from './drivers/log.ts';
import type { IoChannel, ProcessTable } from './drivers/runtime.ts';
import type { ProbeResults } from './health.ts';
import type { DriverInfo } from './manifest.ts';
import type { Progress } from './progress.ts';
import type { LogExtent, RetentionStatus } from './retention.ts';
import type { ErrorRecord, ShiplogError } from './errors.ts';
import type { ImageRecord, ObjectKind, ObjectRecords, StateView } from './state.ts';
import type { SecretRef } from './vault.ts';

/** A moment of the log: after the event at `seq`, or after the last event at or before `time` (nanoseconds, decimal). */
export type Moment = { readonly seq: number } | { readonly time: string };

/**
 * Who a caller is to a registry: a name and its password, a token to get others with (`identityToken`), or one to show as it is (`registryToken`).
 * Never recorded and never stored.
 */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

/** What travels beside a command. */
export interface CommandStreams {
  /** For image sources; gone with the operation. */
  readonly auth?: RegistryAuth;
  readonly body?: AsyncIterable<Uint8Array>;
  /**
   * Of verbs that read a container's files: takes what it wants of them, and resolves with the bytes it took when it is done with them. `canceled` aborts
   * when it must leave off. Without it all that is asked for is read and thrown away.
   */
  readonly take?: (files: OpenFiles, canceled: AbortSignal) => Promise<number>;
  readonly progress?: (progress: Progress) => void;
  /** What the work writes for people to read, as it comes: of a build, its steps and what their commands print. */
  readonly output?: (text: string) => void;
  /** Credentials for registries that a build may pull from, as clients name these: by host, or by URL. Never recorded. */
  readonly registries?: { readonly [registry: string]: RegistryAuth };
  /** Values of a build's arguments. Never recorded. */
  readonly buildArgs?: { readonly [name: string]: string | null };
  /** Aborts the operation: it is undone, and its outcome says `canceled`. */
  readonly signal?: AbortSignal;
  /** What a command that is replayed was given the first time; fresh if absent. */
  readonly given?: Given;
}

/** What an engine gives a command for itself, handed in: see {@link Givens}. What is missing is made as usual. */
export interface Given {
  /** Operation id; of no other operation in this log. */
  readonly op?: string;
  readonly ids: readonly string[];
  readonly freePorts?: readonly number[];
  readonly subnets?: readonly string[];
  readonly followed?: number;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export interface LogOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  /** Last lines; absent: all. */
  readonly tail?: number;
  /** Nanoseconds since the epoch, decimal. */
  readonly since?: string;
  readonly until?: string;
  readonly signal?: AbortSignal;
}

/** Whether reads of a route are recorded: not at all, or who, when, which route, range and filters. */
export type ReadLevel = 'none' | 'metadata';

/** A read of the log. Positions, both inclusive; an absent `to` is the end, or for ever with `follow`. */
export interface LogRead {
  /** A look at an earlier moment: a read of the log, whatever its route. */
  readonly past?: boolean;
  readonly from: number;
  readonly to?: number;
  readonly follow: boolean;
  readonly filters?: { readonly [name: string]: readonly string[] };
}

/** A read of what an object holds: see `content.read`. */
export interface ContentRead {
  readonly verb: ContentVerb;
  /** Of the object. */
  readonly stream: StreamName;
  /** What the client called it. */
  readonly ref: string;
  readonly path?: string;
  readonly streams?: readonly ContentStream[];
  /** Why nothing was read. */
  readonly error?: ErrorRecord;
}

/** What is to be saved. */
export interface SaveRequest {
  /** Names, as `docker save` takes them: `name` alone is every tag of it, `name:tag`, `name@digest`, an id or its beginning. */
  readonly images: readonly string[];
  /** Refuses images for others. Parts of a platform, in Go's words. */
  readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string };
}

/** What a reference stands for where images come from: its manifest or index, and the platforms that these are for. */
export interface Distribution {
  readonly descriptor: BlobDescriptor;
  readonly platforms: readonly ImagePlatform[];
}

/** A read that was recorded. */
export interface ReadRecord {
  /** Records how far a reader that followed has come; -1 for nowhere. Does nothing for one that did not follow. */
  end(last: number): Promise<void>;
}

/** What containers get where nobody chooses. */
export interface ContainerDefaults {
  readonly storageDriver: string;
  readonly runtime: string;
  readonly logDriver: string;
  /** What containers with that log driver get, unless they say otherwise. */
  readonly logOptions: { readonly [option: string]: string };
}

/** Facts about the engine and its host for `info` and `version`. */
export interface EngineInfo extends ContainerDefaults {
  readonly engineId: string;
  readonly instance: string;
  readonly version: string;
  readonly startedAt: string;
  readonly root: string;
  readonly drivers: readonly DriverInfo[];
  readonly warnings: readonly string[];
  readonly log: LogExtent;
  /** Absent where nothing is sealed or pruned but by command. */
  readonly retention?: RetentionStatus;
}

/** What the host has, and has spent on everything, since it was booted. */
export interface HostUsage {
  readonly cpuNs: number;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** Counters of one network interface. */
export interface InterfaceTraffic {
  readonly name: string;
  readonly receive: { readonly bytes: number; readonly packets: number; readonly errors: number; readonly dropped: number };
  readonly transmit: { readonly bytes: number; readonly packets: number; readonly errors: number; readonly dropped: number };
}

/** One sample of what a container uses, and the host beside it. `at` is the wall clock in nanoseconds, decimal. */
export interface ContainerUsage {
  readonly at: string;
  readonly cgroup: CgroupStats;
  /** Of its own network namespace, loopback left out; none with the host's. */
  readonly interfaces: readonly InterfaceTraffic[];
  readonly host: HostUsage;
}

/** Bytes of a container on disk. `own`: its own snapshot; `rootfs`: that with the layers it lies on, where its storage driver shares them. */
export interface ContainerSize {
  readonly own: number;
  readonly rootfs: number;
}

export type UsageKind = 'images' | 'containers' | 'volumes';

/** What is on disk, in bytes, of each kind that was asked for; of what could not be measured, or whose driver cannot tell, undefined. */
export interface DiskUsage {
  /** The state it was measured of. */
  readonly view: StateView;
  /**
   * `of`, by id: what an image takes, as blobs and as layers, and how much of it other images need, too. `bytes`: all of them, what is shared
   * counted once; `reclaimable`: what no image of a container needs.
   */
  readonly images?: {
    readonly bytes: number;
    readonly reclaimable: number;
    readonly of: ReadonlyMap<string, { readonly bytes: number; readonly shared: number }>;
  };
  /** By id. */
  readonly containers?: ReadonlyMap<string, ContainerSize | undefined>;
  /** By name. */
  readonly volumes?: ReadonlyMap<string, number | undefined>;
}

/**
 * The engine as APIs see it. Mutations go through {@link Engine.execute} and are in the log before they answer;
 * reads answer from durable events only.
 */
export interface Engine {
  /**
   * Decides, records the intent, takes effect, records the outcome, answers. A refusal or failure is recorded too and
   * thrown as a ShiplogError. With an idempotency key seen before, answers as the first time and does nothing.
   */
  execute<T extends CommandType>(type: T, args: CommandArgs[T], caller: Caller, streams?: CommandStreams): Promise<CommandAnswers[T]>;
  /**
   * Records a request that never became a command (bad JSON, unknown field type), so that the audit has it: as a refused intent of the command
   * it was for; for a read, or for nothing that is served (undefined), as `request.refused`. Refused reads are not recorded where the level of
   * `caller.req`'s route is `none`. Answers the error as the client may be told: without the secrets that rules find in its text.
   */
  refuse(verb: CommandType | ReadVerb | undefined, error: Error, caller: Caller): Promise<ShiplogError>;
  /** An error as a client may be told: without the secrets that rules find in its text. The same one where there are none. */
  told(error: unknown): ShiplogError;
  /** State now (all acknowledged and nothing unacknowledged), or as it was. */
  view(at?: Moment): Promise<StateView>;
  /**
   * One object's record now, or as it was at a moment: reads far less than {@link view}. By name, id or id prefix, of whoever held it
   * then; throws the kind's not-found code, REFERENCE_AMBIGUOUS or LOG_POSITION_UNKNOWN.
   */
  record<K extends ObjectKind>(kind: K, ref: string, at?: Moment): Promise<{ readonly seq: number; readonly record: ObjectRecords[K] }>;
  /** SHA-256, hex, over the canonical form of the state at a moment: two folds of the same events have the same. */
  stateHash(at?: Moment): Promise<{ readonly seq: number; readonly hash: string }>;
  readonly log: EventLogReader;
  /**
   * A container's stdio, from now on. Of one that does not run, it answers at once with a channel that opens when it starts,
   * before its first byte. Nothing passes, either way, before it is recorded durably (`content.read`), for which the answer does not wait. Throws
   * CONTAINER_NOT_FOUND, CONTAINER_PAUSED or CONTAINER_BUSY, recorded too.
   */
  attach(container: string, options: AttachOptions, caller: Caller): Promise<IoChannel>;
  /** An exec session's stdio; ask before `exec.start`. */
  attachExec(exec: string, options: AttachOptions): Promise<IoChannel>;
  /** Resolves with the exit code when the condition holds; rejects CANCELED when `signal` aborts. Throws CONTAINER_NOT_FOUND before the first await when absent. */
  /** Records that a caller who was attached left by the keys for that; nothing where the object is gone. */
  detached(target: { readonly container: string } | { readonly exec: string }, caller: Caller): Promise<void>;
  wait(container: string, condition: WaitCondition, signal?: AbortSignal): Promise<{ readonly exitCode: number; readonly error?: string }>;
  /** What a container printed. Recorded durably before it resolves. Throws CONTAINER_NOT_FOUND, or NOT_SUPPORTED where its log driver cannot read back, recorded too. */
  logs(container: string, options: LogOptions, caller: Caller): Promise<AsyncIterable<LogRecord>>;
  /** Recorded durably before it resolves. Throws CONTAINER_NOT_FOUND or CONTAINER_NOT_RUNNING, recorded too. */
  top(container: string, psArgs: string, caller: Caller): Promise<ProcessTable>;
  /** How a container's root file system differs from its image, by path. Throws CONTAINER_NOT_FOUND. Never recorded. */
  changes(container: string): Promise<readonly PathChange[]>;
  /** What a container takes on disk, as its storage driver measures it now. Throws CONTAINER_NOT_FOUND, or CANCELED by `signal`. Never recorded. */
  size(container: string, signal?: AbortSignal): Promise<ContainerSize>;
  /**
   * What things take on disk, measured now: large trees take their time. Questions at the same time share one walk of each tree. Throws CANCELED by
   * `signal`. Never recorded.
   */
  diskUsage(kinds: ReadonlySet<UsageKind>, signal?: AbortSignal): Promise<DiskUsage>;
  /**
   * What is at a path of a container, running or not. Recorded durably before it resolves: of a container that runs as `content.read`; of another, for which
   * something must be mounted, as the command `container.stat`, its intent before that. Throws CONTAINER_NOT_FOUND or PATH_NOT_FOUND, recorded too.
   */
  stat(container: string, path: string, caller: Caller, signal?: AbortSignal): Promise<PathStat>;
  /**
   * The file or directory at a path of a container as a tar, recorded in the same ways. Of a container that does not run, the outcome is durable before the
   * tar ends: how much was taken, or that its reader left. Whoever got it reads it to its end or leaves the loop: until then the container is not started,
   * restarted or released; its removal ends the read. Throws CONTAINER_NOT_FOUND or PATH_NOT_FOUND.
   */
  archive(
    container: string,
    path: string,
    caller: Caller,
    signal?: AbortSignal,
  ): Promise<{ readonly stat: PathStat; readonly tar: AsyncIterable<Uint8Array> }>;
  /** The same of all its root file system, without what is mounted in it. Throws CONTAINER_NOT_FOUND. */
  export(container: string, caller: Caller, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** A sample; undefined of a container that does not run. Throws CONTAINER_NOT_FOUND. Never recorded. */
  usage(container: string): Promise<ContainerUsage | undefined>;
  /**
   * Images as one tar, with the names they were asked by: see ImageStore.save. Recorded durably, an event an image, before it resolves. Throws
   * IMAGE_NOT_FOUND, REFERENCE_AMBIGUOUS or REFERENCE_INVALID, and then that it was refused is recorded.
   */
  save(request: SaveRequest, caller: Caller): Promise<AsyncIterable<Uint8Array>>;
  /** What probes of its health check found, as far as this engine ran them; undefined where there was none. Throws CONTAINER_NOT_FOUND. Never recorded. */
  probes(container: string): ProbeResults | undefined;
  /** Stores environment values in the vault and answers what may be logged: `entries` are `NAME=value` or `NAME`. */
  seal(
    entries: readonly string[],
  ): Promise<{ readonly names: readonly string[]; readonly secret?: { readonly id: string; readonly hmac: string } }>;
  /**
   * A record of the state with its secrets (in command lines, labels, options) where the log has marks; marks stay where they
   * were erased. For the record's own user, not for streams and exports.
   */
  revealed<R extends { readonly sealed?: SecretRef } | { readonly spec: { readonly sealed?: SecretRef } }>(record: R): Promise<R>;
  /** An image with the secrets that its config blob has and the log has not (`concealed`). For who may see the image, not for lists, streams and exports. */
  wholeImage(image: ImageRecord): Promise<ImageRecord>;
  /** The values again as `NAME=value`; names alone where the secret was erased. */
  unseal(env: {
    readonly names: readonly string[];
    readonly secret?: { readonly id: string; readonly hmac: string };
  }): Promise<readonly string[]>;
  /**
   * Opens what the log keeps sealed: the callers behind `sealed` actors, `erased` where their key is gone; also while it is in use.
   * {@link Engine.log} itself has the bytes as they were hashed.
   */
  callers(): Promise<(actor: Actor) => Actor>;
  /**
   * Records that the caller reads the log, durably, before it is answered; not where the level of `caller.req`'s route is `none`.
   * Reads of the log are recorded unless the operator says otherwise, other reads if the operator says so.
   */
  recordRead(read: LogRead, caller: Caller): Promise<ReadRecord>;
  /** The pseudonym of a person in the log, by `uid:NUMBER`, `tls:SUBJECT`, `tcp:ADDRESS` or itself. Throws SUBJECT_NOT_FOUND. */
  subject(name: string): Promise<string>;
  /**
   * Says whether a registry (`host[:port]`) takes these credentials. Who asked, as whom, and what came of it is recorded durably before it resolves or rejects; of
   * the credentials nothing is kept. Throws REGISTRY_DENIED, REGISTRY_UNAVAILABLE, or NOT_SUPPORTED where no image source can ask.
   */
  login(registry: string, auth: RegistryAuth, caller: Caller, signal?: AbortSignal): Promise<void>;
  /**
   * The tags that a repository has, as the first image source says that knows it, or `source`; undefined where none does that can list tags. Nothing of it is recorded.
   * Throws REGISTRY_DENIED, REGISTRY_UNAVAILABLE, DRIVER_NOT_FOUND.
   */
  tags(
    repository: string,
    asked: { readonly source?: string; readonly auth?: RegistryAuth },
    signal?: AbortSignal,
  ): Promise<readonly string[] | undefined>;
  /**
   * What a pull of `reference` would bring, without bringing it. Who asked and what came of it is recorded durably before it resolves or rejects; of the
   * credentials nothing is kept. Throws REFERENCE_INVALID, IMAGE_NOT_FOUND, REGISTRY_DENIED, REGISTRY_UNAVAILABLE, NOT_IMPLEMENTED where there is no image source, or what
   * a pull throws of an image that cannot be read.
   */
  distribution(reference: string, auth: RegistryAuth, caller: Caller, signal?: AbortSignal): Promise<Distribution>;
  /** Never changes. */
  readonly defaults: ContainerDefaults;
  /** Measures the log, and plans what a retention policy does next. */
  info(): Promise<EngineInfo>;
}
