import type {
  DriverFamilies,
  DriverInfo,
  DriverKind,
  EngineDefaults,
  EventLog,
  HostUsage,
  InterfaceTraffic,
  PluginControl,
  ReadLevel,
  RetentionPolicy,
} from '@shiplog/contracts';

import type { SecretRules } from './secrets/rules.ts';

/** Finds drivers by family and name. Throws DRIVER_NOT_FOUND, or DRIVER_UNAVAILABLE with the probe's reason. */
export interface Drivers {
  get<K extends DriverKind>(kind: K, name: string): DriverFamilies[K];
  list(): readonly DriverInfo[];
}

/** All that the engine knows of time: another one may stand still, or run ahead of the world's. */
export interface Clock {
  /** The wall clock, nanoseconds since the epoch, decimal. */
  now(): string;
  /** CLOCK_MONOTONIC, nanoseconds, decimal. */
  mono(): string;
  /** Milliseconds since some moment, for durations. */
  ms(): number;
  /** Aborts with a TimeoutError after `ms` milliseconds; keeps no process alive, and nobody waits for it alone. */
  deadline(ms: number): AbortSignal;
  /** Runs something after `ms` milliseconds, at most 2^31-1, unless what it answers is called before. */
  after(ms: number, run: () => void): () => void;
}

/** Fresh identities. `op` sorts by time; `hex` is 64 random hex digits. */
export interface Identities {
  op(): string;
  hex(): string;
}

/** Where the engine puts what belongs to a container, by its id. */
export interface Paths {
  readonly root: string;
  rootfs(container: string): string;
  sandbox(container: string): string;
}

/** What the engine asks of the host beside the drivers; reads only. */
export interface HostFacts {
  readonly hostname: string;
  readonly bootId: string;
  readonly architecture: string;
  resolvConf(): Promise<string>;
  /** IPv4 subnets (CIDR) that it has routes to, without the default route. */
  subnets(): Promise<readonly string[]>;
  usage(): Promise<HostUsage>;
  /** Bytes of everything but directories beneath a path, a file with several names counted once; 0 where there is nothing. */
  treeBytes(path: string, signal: AbortSignal): Promise<number>;
  /** Whether there is something at a path; symlinks are followed. */
  exists(path: string): Promise<boolean>;
  /** Of the network namespace that a process is in; none if it is gone. */
  traffic(pid: number): Promise<readonly InterfaceTraffic[]>;
}

/** Says what happens, for people. */
export interface Logger {
  debug(message: string, facts?: { readonly [fact: string]: unknown }): void;
  info(message: string, facts?: { readonly [fact: string]: unknown }): void;
  warn(message: string, facts?: { readonly [fact: string]: unknown }): void;
  error(message: string, facts?: { readonly [fact: string]: unknown }): void;
}

/** Networks that exist from the first start on. */
export interface PredefinedNetwork {
  /** Its id, 64 hex digits; a fresh one if absent. */
  readonly id?: string;
  readonly name: string;
  readonly driver: string;
  readonly subnet?: string;
  readonly options: { readonly [option: string]: string };
}

/** Everything an engine is made of; the composition root hands it in. */
export interface EngineParts {
  readonly log: EventLog;
  readonly drivers: Drivers;
  /** Starts, stops and reloads plugins; where there is none, nothing needs that. */
  readonly plugins?: PluginControl;
  readonly clock: Clock;
  readonly identities: Identities;
  readonly paths: Paths;
  readonly host: HostFacts;
  readonly logger: Logger;
  readonly defaults: EngineDefaults;
  /** Of containers with the default log driver that do not say otherwise; none if absent. */
  readonly logOptions?: { readonly [option: string]: string };
  /** Drivers the engine uses where nothing chooses: by family. */
  readonly chosen: {
    readonly cgroup: string;
    readonly imageStore: string;
    readonly vault: string;
    /** Containers find no names if absent. */
    readonly nameServer?: string;
    /** Files of containers are not read or written if absent. */
    readonly containerFiles?: string;
    /** Nothing is built if absent. */
    readonly builder?: string;
  };
  readonly networks: readonly PredefinedNetwork[];
  readonly engineId: string;
  readonly instance: string;
  readonly version: string;
  /** What counts as a secret; the usual rules if absent. */
  readonly secretRules?: SecretRules;
  /** Which reads are recorded, by `METHOD TEMPLATE`, before the defaults. */
  readonly readLevels?: { readonly [route: string]: ReadLevel };
  /** What of the log is sealed and pruned without a command; nothing if absent. */
  readonly retention?: RetentionPolicy;
  /** False where a log is run again: its probes are in it, and come with what else came from outside. */
  readonly healthChecks?: false;
  /** Options worth keeping in `engine.started`. */
  readonly config: { readonly [option: string]: string };
}
