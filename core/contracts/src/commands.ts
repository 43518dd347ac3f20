import type { ContainerSpec, EndpointRequest, ExecSpec, ResourceLimits } from './container-spec.ts';
import type { BuildSpec, BuildStep } from './build.ts';
import type { SecretRef } from './vault.ts';

/**
 * What can be asked of the engine: each verb's arguments. Names are imperative. A `container`, `image` or `network`
 * argument is a reference as a client gives it (name, id, id prefix); decide resolves it.
 */
export interface CommandArgs {
  'container.create': { readonly name?: string; readonly spec: ContainerSpec };
  'container.start': { readonly container: string };
  /** Signals, waits `timeoutSeconds` (-1: for ever; absent: the container's own), then kills. Answers when it has exited. */
  'container.stop': { readonly container: string; readonly signal?: string; readonly timeoutSeconds?: number };
  'container.restart': { readonly container: string; readonly signal?: string; readonly timeoutSeconds?: number };
  'container.kill': { readonly container: string; readonly signal: string };
  'container.pause': { readonly container: string };
  'container.unpause': { readonly container: string };
  'container.rename': { readonly container: string; readonly name: string };
  /** Takes what the container changed, and the layers it lies on, to another storage driver. */
  'container.migrate': { readonly container: string; readonly storageDriver: string };
  /** Other limits or another restart policy. What is absent stays; -1 takes a limit away. */
  'container.update': {
    readonly container: string;
    readonly limits: ResourceLimits;
    readonly restart?: ContainerSpec['restart'];
  };
  'container.resize': { readonly container: string; readonly rows: number; readonly columns: number };
  /** A tar comes as the body, for the directory at `path`. `copyOwner`: all of it will belong to the container's user. */
  'container.extract': {
    readonly container: string;
    readonly path: string;
    readonly noOverwriteDirNonDir: boolean;
    readonly copyOwner: boolean;
    readonly sealed?: SecretRef;
  };
  /** What is at a path. */
  'container.stat': { readonly container: string; readonly path: string };
  /** The file or directory at a path as a tar, for {@link CommandStreams.take}. */
  'container.archive': { readonly container: string; readonly path: string };
  /** All of its root file system as a tar, for {@link CommandStreams.take}. */
  'container.export': { readonly container: string };
  'container.remove': { readonly container: string; readonly force: boolean; readonly volumes: boolean };
  /** Gives back what a container that has exited still holds on the host. Asked by the engine itself. */
  'container.release': { readonly container: string };
  'container.prune': { readonly containers: readonly string[] };
  'exec.create': { readonly container: string; readonly spec: ExecSpec };
  'exec.start': { readonly exec: string; readonly detach: boolean; readonly tty: boolean };
  'exec.resize': { readonly exec: string; readonly rows: number; readonly columns: number };
  /** The archive (docker-archive or OCI layout, plain or compressed) comes beside the command, as its body. */
  /** Images that are here already stay with the storage driver that holds them; others go to `storageDriver`, or to the engine's own. */
  'image.load': { readonly quiet: boolean; readonly storageDriver?: string };
  /** A root file system as a tar comes as the body. `changes` are Dockerfile instructions. */
  'image.import': {
    readonly reference?: string;
    readonly message: string;
    readonly changes: readonly string[];
    readonly source: string;
    readonly sealed?: SecretRef;
  };
  /**
   * An image of what a container is: its image's layers, and one of what it changed. `changes` are Dockerfile instructions on its configuration;
   * `pause`: one that runs is frozen while its files are read.
   */
  'image.commit': {
    readonly container: string;
    readonly reference?: string;
    readonly message: string;
    readonly author: string;
    readonly pause: boolean;
    readonly changes: readonly string[];
    /** Of a build: the image has the container's image as its parent. */
    readonly step?: BuildStep;
    readonly sealed?: SecretRef;
  };
  /** As a Dockerfile says; the context, a tar, comes as the body. */
  'image.build': BuildSpec & { readonly sealed?: SecretRef };
  /** From an image source: the first that knows it, or the one that is named. Credentials come beside the command. */
  'image.pull': {
    readonly reference: string;
    readonly source?: string;
    readonly storageDriver?: string;
    /** `os/architecture[/variant]` in Go's words; absent: what this host runs. */
    readonly platform?: string;
  };
  /** To where its reference says, by an image source: the first that pushes, or the one that is named. Credentials come beside the command. */
  'image.push': { readonly reference: string; readonly source?: string };
  'image.tag': { readonly image: string; readonly reference: string };
  /** To another storage driver. */
  'image.migrate': { readonly image: string; readonly storageDriver: string };
  'image.remove': { readonly image: string; readonly force: boolean; readonly prune: boolean };
  'image.prune': { readonly images: readonly string[] };
  'network.create': {
    readonly name: string;
    readonly driver: string;
    readonly subnet?: string;
    readonly gateway?: string;
    readonly internal: boolean;
    readonly options: { readonly [option: string]: string };
    readonly labels: { readonly [label: string]: string };
    readonly predefined?: boolean;
    readonly sealed?: SecretRef;
  };
  'network.remove': { readonly network: string };
  /** By id. */
  'network.prune': { readonly networks: readonly string[] };
  /** At once if the container is up, and at its starts from then on. */
  'network.connect': { readonly network: string; readonly container: string; readonly endpoint: EndpointRequest };
  'network.disconnect': { readonly network: string; readonly container: string };
  'volume.create': {
    readonly name?: string;
    readonly driver: string;
    readonly options: { readonly [option: string]: string };
    readonly labels: { readonly [label: string]: string };
    readonly sealed?: SecretRef;
  };
  /** `force`: also where there is none, or its driver is gone; what that holds stays then. */
  'volume.remove': { readonly volume: string; readonly force: boolean };
  'volume.prune': { readonly volumes: readonly string[] };
  'plugin.enable': { readonly plugin: string };
  'plugin.disable': { readonly plugin: string };
  /** Loads its code anew, while containers run. */
  'plugin.reload': { readonly plugin: string };
  /** Destroys the key that a person's data in the log are sealed with. `subject` is the pseudonym, 16 hex digits. */
  'subject.erase': { readonly subject: string };
  /** Moves events before a position out of the database into archives. */
  'log.seal': { readonly before: number };
  /** Seals, and removes for good, what no archive with later events holds. `overtake`: also what somebody who follows has not been given. */
  'log.prune': { readonly before: number; readonly overtake?: boolean };
}

/** A verb of the engine. */
export type CommandType = keyof CommandArgs;

/**
 * What `decide` may not find out for itself and so arrives with the command: fresh ids (64 hex digits each), random
 * bytes (hex), facts of the host gathered just before. Replaying the same command with the same givens decides the same.
 */
export interface Givens {
  readonly ids: readonly string[];
  /** Host ports that were free just before, to choose from where the client left the choice. */
  readonly freePorts?: readonly number[];
  /** IPv4 subnets (CIDR) that the host has routes to, to choose another one where the client left the choice. */
  readonly subnets?: readonly string[];
  /** The first position that somebody who follows the log had not been given, after a while; absent if nobody lagged behind. */
  readonly followed?: number;
  /** The plugin a command is about, as it is installed; absent if none of that name is. */
  readonly plugin?: InstalledPluginFacts;
  readonly defaults: EngineDefaults;
}

/** What decisions about a plugin depend on. `essential`: the engine itself cannot do without one of its drivers. */
export interface InstalledPluginFacts {
  readonly name: string;
  readonly drivers: readonly { readonly kind: string; readonly name: string }[];
  readonly essential: boolean;
}

/** Configuration that decisions depend on. */
export interface EngineDefaults {
  readonly storageDriver: string;
  readonly runtime: string;
  readonly logDriver: string;
  /** Directory under which containers' logs live. */
  readonly logRoot: string;
  readonly stopTimeoutSeconds: number;
  readonly volumeRoot: string;
}

/** A command with everything `decide` needs. `at` is the wall clock in nanoseconds, decimal. */
export interface CommandOf<T extends CommandType> {
  readonly type: T;
  readonly args: CommandArgs[T];
  readonly at: string;
  readonly givens: Givens;
}

export type Command = { [T in CommandType]: CommandOf<T> }[CommandType];
