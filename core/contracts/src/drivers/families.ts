import type { Vault } from '../vault.ts';
import type { Kernel } from '../kernel.ts';
import type { Api } from './api.ts';
import { AUTHORIZER_VERBS, type Authorizer } from './authorizer.ts';
import type { Builder } from './builder.ts';
import { CGROUP_VERBS, type CgroupDriver } from './cgroup.ts';
import type { ContainerFiles } from './container-files.ts';
import { IMAGE_SOURCE_VERBS, type ImageSource } from './image-source.ts';
import type { ImageStore } from './image-store.ts';
import type { DriverKind } from './kind.ts';
import { LOG_VERBS, type LogDriver } from './log.ts';
import type { NameServer } from './name-server.ts';
import { NETWORK_VERBS, type NetworkDriver } from './network.ts';
import { PROJECTION_VERBS, type Projection } from './projection.ts';
import { RUNTIME_VERBS, type RuntimeDriver } from './runtime.ts';
import { STORAGE_VERBS, type StorageDriver } from './storage.ts';
import { VOLUME_VERBS, type VolumeDriver } from './volume.ts';

/** Every driver family and its interface. */
export interface DriverFamilies extends Record<DriverKind, unknown> {
  storage: StorageDriver;
  network: NetworkDriver;
  cgroup: CgroupDriver;
  runtime: RuntimeDriver;
  volume: VolumeDriver;
  log: LogDriver;
  authorizer: Authorizer;
  projection: Projection;
  'image-source': ImageSource;
  'image-store': ImageStore;
  vault: Vault;
  'name-server': NameServer;
  'container-files': ContainerFiles;
  builder: Builder;
  kernel: Kernel;
  api: Api;
}

/** The verb tables of the families that have one. */
export const VERB_TABLES = {
  storage: STORAGE_VERBS,
  network: NETWORK_VERBS,
  cgroup: CGROUP_VERBS,
  runtime: RUNTIME_VERBS,
  volume: VOLUME_VERBS,
  authorizer: AUTHORIZER_VERBS,
  projection: PROJECTION_VERBS,
  log: LOG_VERBS,
  'image-source': IMAGE_SOURCE_VERBS,
} as const;

/** A family with a verb table: its calls can be journaled, undone and sent over a wire. */
export type VerbKind = keyof typeof VERB_TABLES;
