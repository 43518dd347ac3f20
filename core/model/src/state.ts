import type {
  CommandType,
  ContainerRecord,
  ContainerStatus,
  Decisions,
  ExecRecord,
  ImageRecord,
  NetworkRecord,
  OpenOperation,
  PluginRecord,
  StateView,
  VolumeRecord,
} from '@shiplog/contracts';
import { findContainer } from './projections/find-container.ts';
import { findExec } from './projections/find-exec.ts';
import { findImage } from './projections/find-image.ts';
import { findNetwork } from './projections/find-network.ts';
import { findVolume } from './projections/find-volume.ts';

/** What an intent without outcome decided, and what evolve needs to give back if it fails. Plain data. */
export interface PendingOf<T extends CommandType> {
  readonly verb: T;
  readonly decided: NonNullable<Decisions[T]>;
  readonly held: Held;
}

export type Pending = { [T in CommandType]: PendingOf<T> }[CommandType];

/** What things were before the intent touched them. */
export interface Held {
  /** Container id → status before a removal. */
  readonly statuses?: { readonly [id: string]: ContainerStatus };
  /** Volumes that this operation brought into being. */
  readonly volumes?: readonly string[];
  /** Images as they were. */
  readonly images?: readonly ImageRecord[];
  /** The container held host resources already. */
  readonly active?: boolean;
  /** A stop had been asked for before. */
  readonly stopRequested?: boolean;
  /** The process ended before its start was recorded. */
  readonly exited?: boolean;
}

/**
 * The engine at one moment, folded from the log. Only `evolve` changes it: maps in place, records by replacing them, so
 * that a record once read never changes.
 */
export class State implements StateView {
  seq = -1;
  readonly containers: Map<string, ContainerRecord>;
  readonly execs: Map<string, ExecRecord>;
  readonly images: Map<string, ImageRecord>;
  readonly networks: Map<string, NetworkRecord>;
  readonly volumes: Map<string, VolumeRecord>;
  readonly plugins: Map<string, PluginRecord>;
  readonly openOperations: Map<string, OpenOperation>;
  /** By operation; no part of what readers see. */
  readonly pending: Map<string, Pending>;

  constructor(from?: State) {
    this.seq = from?.seq ?? -1;
    this.containers = new Map(from?.containers);
    this.execs = new Map(from?.execs);
    this.images = new Map(from?.images);
    this.networks = new Map(from?.networks);
    this.volumes = new Map(from?.volumes);
    this.plugins = new Map(from?.plugins);
    this.openOperations = new Map(from?.openOperations);
    this.pending = new Map(from?.pending);
  }

  container(ref: string): ContainerRecord {
    return findContainer(this.containers, ref);
  }

  exec(ref: string): ExecRecord {
    return findExec(this.execs, ref);
  }

  image(ref: string): ImageRecord {
    return findImage(this.images, ref).image;
  }

  network(ref: string): NetworkRecord {
    return findNetwork(this.networks, ref);
  }

  volume(name: string): VolumeRecord {
    return findVolume(this.volumes, name);
  }
}

/** The state before the first event. */
export function createState(): State {
  return new State();
}

/** The state as it is now, untouched by later events. Copies the maps, not the records; may itself be folded further. */
export function snapshotOf(state: State): State {
  return new State(state);
}
