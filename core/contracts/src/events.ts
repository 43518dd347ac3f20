import type { CommandArgs, CommandType, Givens } from './commands.ts';
import type { ContainerSpec, EndpointRequest, ResourceLimits } from './container-spec.ts';
import type { Json } from './json.ts';
import type { ContainerRecord, EndpointRecord, ExecRecord, HealthRecord, NetworkRecord, ProcessRef, VolumeRecord } from './state.ts';
import type { Bounded, SealedRange } from './retention.ts';
import type { Digest, ImageManifest } from './image.ts';
import type { Healthcheck } from './health.ts';
import type { Reloaded } from './plugins.ts';

/**
 * An intent keeps the command as it was asked (`args`, `givens`): enough to decide again. `decided` is what decide made
 * of it: enough to evolve and to find every effect again.
 */
export interface IntentData<T extends CommandType> {
  /** Null where the request could not even be read. */
  readonly args: CommandArgs[T] | null;
  readonly givens: Givens;
  readonly decided: Decisions[T];
}

/** What each verb's intent decided. A refused command decided nothing (null). */
export interface Decisions {
  'container.create': Pick<
    ContainerRecord,
    'id' | 'name' | 'spec' | 'imageId' | 'argv' | 'storageDriver' | 'runtime' | 'logDriver' | 'logPath'
  > | null;
  /**
   * Endpoints in the order they are attached; `sandbox` is where the network namespace comes from: a driver name, or `container:<id>`.
   * `healthcheck`: its probes are run for as long as this run lasts, whichever engine is there.
   */
  'container.start': {
    readonly id: string;
    readonly endpoints: readonly EndpointRecord[];
    readonly sandbox: string;
    readonly healthcheck?: Healthcheck;
  } | null;
  'container.stop': { readonly id: string; readonly signal: number; readonly timeoutSeconds: number } | null;
  'container.restart': {
    readonly id: string;
    readonly signal: number;
    readonly timeoutSeconds: number;
    readonly endpoints: readonly EndpointRecord[];
    readonly sandbox: string;
    readonly healthcheck?: Healthcheck;
  } | null;
  'container.kill': { readonly id: string; readonly signal: number } | null;
  'container.pause': { readonly id: string } | null;
  'container.unpause': { readonly id: string } | null;
  'container.rename': { readonly id: string; readonly name: string; readonly oldName: string } | null;
  /** `snapshots` are layers that nobody else needs of the driver it leaves, uppermost first. */
  'container.migrate': { readonly id: string; readonly from: string; readonly to: string; readonly snapshots: readonly Digest[] } | null;
  'container.update': { readonly id: string; readonly limits: ResourceLimits; readonly restart?: ContainerSpec['restart'] } | null;
  'container.resize': { readonly id: string; readonly rows: number; readonly columns: number } | null;
  'container.extract': { readonly id: string; readonly path: string } | null;
  /** Reads of files. `mounts`: the container does not run, so its root file system is mounted for it; it has the container to itself then. */
  'container.stat': { readonly id: string; readonly path: string; readonly mounts: boolean } | null;
  'container.archive': { readonly id: string; readonly path: string; readonly mounts: boolean } | null;
  'container.export': { readonly id: string; readonly mounts: boolean } | null;
  'container.remove': { readonly id: string; readonly kill: boolean; readonly volumes: readonly string[] } | null;
  'container.release': { readonly id: string } | null;
  'container.prune': { readonly ids: readonly string[] } | null;
  'exec.create': Pick<ExecRecord, 'id' | 'containerId' | 'spec'> | null;
  'exec.start': { readonly id: string; readonly containerId: string } | null;
  'exec.resize': { readonly id: string; readonly containerId: string; readonly rows: number; readonly columns: number } | null;
  'image.load': { readonly ingest: string } | null;
  'image.import': { readonly ingest: string; readonly reference: string } | null;
  /** `id` is the container's, in whose stream it is. `freeze`: it is frozen for the time. */
  'image.commit': { readonly id: string; readonly ingest: string; readonly reference: string; readonly freeze: boolean } | null;
  /** `context` names the directory that the context is kept in for the time. */
  'image.build': { readonly context: string; readonly references: readonly string[] } | null;
  'image.pull': {
    readonly ingest: string;
    readonly reference: string;
    readonly source?: string;
    readonly storageDriver?: string;
    readonly platform?: string;
  } | null;
  'image.push': { readonly id: Digest; readonly ingest: string; readonly reference: string; readonly source?: string } | null;
  'image.tag': { readonly id: Digest; readonly reference: string } | null;
  /** `snapshots` are those that no other image needs of the driver it leaves, uppermost first. */
  'image.migrate': { readonly id: Digest; readonly from: string; readonly to: string; readonly snapshots: readonly Digest[] } | null;
  /** `remove`: the image goes for good, with these snapshots (chain ids, uppermost first) and blobs that nothing else uses. */
  'image.remove': { readonly removals: readonly ImageRemoval[] } | null;
  'image.prune': { readonly removals: readonly ImageRemoval[] } | null;
  'network.create': Omit<NetworkRecord, 'createdAt'> | null;
  'network.remove': { readonly id: string } | null;
  'network.prune': { readonly networks: readonly NetworkName[] } | null;
  /** `id` is the container's, in whose stream it is. `endpoint`: what is attached to a container that is up. */
  'network.connect': {
    readonly id: string;
    readonly networkId: string;
    readonly networkName: string;
    readonly request: EndpointRequest;
    readonly endpoint?: EndpointRecord;
  } | null;
  /** `endpoint`: what is detached from a container that is up. */
  'network.disconnect': {
    readonly id: string;
    readonly networkId: string;
    readonly networkName: string;
    readonly endpoint?: EndpointRecord;
  } | null;
  'volume.create': Omit<VolumeRecord, 'createdAt'> | null;
  'volume.remove': { readonly name: string } | null;
  'volume.prune': { readonly names: readonly string[] } | null;
  'plugin.enable': { readonly name: string } | null;
  'plugin.disable': { readonly name: string } | null;
  'plugin.reload': { readonly name: string } | null;
  'subject.erase': { readonly subject: string } | null;
  'log.seal': { readonly before: number } | null;
  'log.prune': { readonly before: number } | null;
}

/** A network, and what it is called. */
export type NetworkName = Pick<NetworkRecord, 'id' | 'name'>;

export interface ImageRemoval {
  readonly id: Digest;
  readonly untag: readonly string[];
  readonly remove: boolean;
  /** Who holds the snapshots; the engine's default where it is absent, as in old logs. */
  readonly storageDriver?: string;
  readonly snapshots: readonly Digest[];
  readonly blobs: readonly Digest[];
}

/** What each verb's success brought to light; no fact that the intent already holds. */
export interface Outcomes {
  'container.create': { readonly warnings: readonly string[] };
  'container.start': { readonly process: ProcessRef };
  'container.stop': { readonly exitCode: number };
  'container.restart': { readonly process: ProcessRef };
  'container.kill': Record<string, never>;
  'container.pause': Record<string, never>;
  'container.unpause': Record<string, never>;
  'container.rename': Record<string, never>;
  'container.migrate': Record<string, never>;
  /** `warnings`: limits that this host cannot set, each with its reason. */
  'container.update': { readonly warnings: readonly string[] };
  'container.resize': Record<string, never>;
  /** How much of the archive was taken in: entries, and bytes of regular files. */
  'container.extract': { readonly entries: number; readonly bytes: number };
  'container.stat': Record<string, never>;
  /** How many bytes of tar were taken. */
  'container.archive': { readonly bytes: number };
  'container.export': { readonly bytes: number };
  'container.remove': Record<string, never>;
  'container.release': Record<string, never>;
  'container.prune': { readonly removed: readonly string[]; readonly reclaimedBytes: number };
  'exec.create': Record<string, never>;
  'exec.start': { readonly process: ProcessRef };
  'exec.resize': Record<string, never>;
  'image.load': { readonly images: readonly LoadedImage[]; readonly storageDriver: string };
  'image.import': { readonly images: readonly LoadedImage[]; readonly storageDriver: string };
  'image.commit': { readonly images: readonly LoadedImage[]; readonly storageDriver: string };
  /** What was built, of which Dockerfile and which context (SHA-256, hex). Its images arrived with the commits that it caused, its names with tags. */
  'image.build': { readonly image: Digest; readonly dockerfile: string; readonly context: string };
  /** `source` is who brought it; `repoDigest` names what the reference stood for: `name@digest`. */
  'image.pull': {
    readonly images: readonly LoadedImage[];
    readonly storageDriver: string;
    readonly source: string;
    readonly repoDigest: string;
    readonly isNew: boolean;
  };
  /** `source` is who took it; `repoDigest` names the manifest that it made of the image, of `size` bytes: `name@digest`. */
  'image.push': { readonly source: string; readonly repoDigest: string; readonly size: number };
  'image.tag': Record<string, never>;
  'image.migrate': Record<string, never>;
  'image.remove': Record<string, never>;
  'image.prune': { readonly reclaimedBytes: number };
  'network.create': Record<string, never>;
  'network.remove': Record<string, never>;
  /** Ids of those that went: what its driver did not remove is not among them. */
  'network.prune': { readonly removed: readonly string[] };
  'network.connect': Record<string, never>;
  'network.disconnect': Record<string, never>;
  /** `mountpoint` where the driver keeps it elsewhere than was decided. */
  'volume.create': { readonly mountpoint?: string };
  'volume.remove': Record<string, never>;
  /** `reclaimedBytes`: of those that could be measured. */
  'volume.prune': { readonly removed: readonly string[]; readonly reclaimedBytes: number };
  'plugin.enable': Record<string, never>;
  'plugin.disable': Record<string, never>;
  'plugin.reload': Reloaded;
  'subject.erase': Record<string, never>;
  'log.seal': { readonly archives: readonly SealedRange[] };
  /** `first`: the first event that is kept; `pruned`: how many went now; `root`: hex, of the tree over all that ever went. */
  'log.prune': { readonly first: number; readonly pruned: number; readonly root: string };
}

export interface LoadedImage {
  readonly manifest: ImageManifest;
  /** Tags the archive gives it; a tag moves here from the image that had it. */
  readonly tags: readonly string[];
  /** What it was built of. */
  readonly parent?: Digest;
  /** Who holds its layers, if not the outcome's. */
  readonly storageDriver?: string;
}

/** What is seen in reality, by nobody's command. */
export interface Observations {
  /** The main process ended. `source`: told by the monitor, or found by recovery. Signals are 128+N. */
  'container.exited': {
    readonly id: string;
    readonly exitCode: number;
    readonly oomKilled: boolean;
    readonly finishedAt: string;
    readonly source: 'monitor' | 'recovery';
  };
  'container.oom': { readonly id: string; readonly kills: number };
  /**
   * A probe changed its health: probes that change nothing are no events. `was`: the status before; `exitCode`: the probe's, -1 for one
   * that could not run or took too long. In logs of 0.1.0 also the failing streak alone may have changed.
   */
  'container.health': { readonly id: string; readonly was: HealthRecord['status']; readonly exitCode: number } & HealthRecord;
  'exec.exited': { readonly id: string; readonly containerId: string; readonly exitCode: number; readonly finishedAt: string };
  /** Reality and log differ, and no intent says why. Reported, never silently mended. */
  'host.drifted': { readonly kind: string; readonly resource: string; readonly expected: string; readonly found: string };
  /** Everything that lived in the kernel is gone: processes, mounts, namespaces. */
  'host.rebooted': { readonly bootId: string; readonly previousBootId: string };
}

/** What takes content out of the engine, tells of it, or passes it between a caller and a process. Reads of files are commands where something must be mounted for them. */
export const CONTENT_VERBS = [
  'image.save',
  'container.stat',
  'container.archive',
  'container.export',
  'container.attach',
  'container.logs',
  'container.top',
] as const;
export type ContentVerb = (typeof CONTENT_VERBS)[number];

/** What is recorded without being a command: reads of the log, or of content, and what is asked of registries. */
export type ReadVerb = 'log.read' | 'registry.login' | 'registry.inspect' | ContentVerb;

/** A stream of a process. */
export type ContentStream = 'stdin' | 'stdout' | 'stderr';

/** About the engine and the log themselves, and what was read. */
export interface MetaEvents {
  'engine.started': {
    readonly version: string;
    readonly instance: string;
    readonly bootId: string;
    readonly clean: boolean;
    readonly config: { readonly [option: string]: string };
  };
  /** Somebody reads the log, as of now. `from` and `to` are positions, both inclusive; an absent `to` is the end, or for ever with `follow`. */
  'log.read': {
    readonly from: number;
    readonly to?: number;
    readonly follow: boolean;
    /** What was selected, by parameter; of a filter that names a person no values. */
    readonly filters: { readonly [name: string]: readonly string[] };
  };
  /** A reader that followed has left. `last` is the last position it was sent, -1 for none. */
  'log.read.ended': { readonly last: number };
  /**
   * Somebody takes content out of the engine for which nothing is mounted, or is attached to a container; in the stream of what it is the content of.
   * Recorded once a request, before the first byte, or with a `result` that says why there is none.
   */
  'content.read': {
    readonly verb: ContentVerb;
    /** What the client called it. */
    readonly ref: string;
    /** Of `container.stat` and `container.archive`: the path in the container. */
    readonly path?: string;
    /** Of `container.attach` and `container.logs`: what passes. `stdin` goes into the container. */
    readonly streams?: readonly ContentStream[];
  };
  /** A caller who was attached to a container, or with `exec` to that session of it, left by the keys for that; the process goes on. Others leave when it ends. */
  'content.detached': { readonly exec?: string };
  /** Somebody asked whether a registry takes credentials; `result` says what it answered. `username` is absent where a token stood for it. */
  'registry.login': { readonly registry: string; readonly username?: string };
  /** Somebody asked what a reference stands for in its registry; `result` says what came of it. `ref` is what the client called it. */
  'registry.inspect': { readonly registry: string; readonly ref: string };
  /**
   * A request that became no command was refused: a read (`verb`), or one for a change that nothing here serves. `req` says what was asked,
   * `result` why not. What is refused of a command has its intent and outcome instead.
   */
  'request.refused': { readonly verb?: ReadVerb };
  /** Older events are about to be pruned: where the log begins then, and hashes of what stands for them. */
  'log.bounded': Bounded;
  'engine.stopped': { readonly instance: string; readonly reason: string };
  /** A step of an operation is done. `facts` are what the driver answered, where they matter later. */
  'operation.step': {
    readonly verb: string;
    readonly step: string;
    readonly facts?: { readonly [fact: string]: string | number | boolean };
    /** Of a step that a driver journaled: what it answered, given back to it if the same call is made again. */
    readonly answer?: { readonly value?: Json };
  };
  /** What authorizers said of a request, in the append of its intent. */
  'operation.authorized': { readonly verb: string; readonly verdicts: readonly AuthorizerVerdict[] };
}

/** What one authorizer said. `failure`: it gave no usable answer, and its failure policy spoke for it. `ms`: how long it took. */
export interface AuthorizerVerdict {
  readonly authorizer: string;
  readonly effect: 'allow' | 'deny';
  readonly rule?: string;
  readonly reason?: string;
  readonly failure?: string;
  readonly ms: number;
}

/** Every event type with its data. A command's three: `<verb>.requested`, `<verb>.succeeded`, `<verb>.failed`. */
export type EventData = { [T in CommandType as `${T}.requested`]: IntentData<T> } & {
  [T in CommandType as `${T}.succeeded`]: Outcomes[T];
} & {
  [T in CommandType as `${T}.failed`]: Record<string, never>;
} & Observations &
  MetaEvents;

/** The name of an event type. */
export type EventType = keyof EventData;
