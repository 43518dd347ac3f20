import { Type } from '@sinclair/typebox';
import { Done, type DriverBase, HostPath, Mapping, ResourceId, type VerbsOf, verb } from './verb.ts';

/** What every verb of a volume says of it. */
const Volume = {
  name: ResourceId,
  /** The driver's name as the user gave it: one driver may stand for many. */
  driver: Type.String(),
  /** Where the engine would have it on this host; a driver may keep it elsewhere. */
  path: HostPath,
  /** Options of `volume create`; they may hold passwords. */
  options: Mapping,
};

/**
 * A volume driver keeps data that outlives containers.
 *
 * Life. `create` makes the volume; `publish` makes its content a directory on this host for one consumer (a container),
 * which the engine binds into it; `unpublish` ends that; `remove` deletes the volume once nobody consumes it. A driver counts
 * consumers by id, durably until the next reboot: the last one to leave takes the mount with it.
 */
export const VOLUME_VERBS = {
  create: verb({
    doc: 'Makes the volume. What is there stays. Fails SPEC_INVALID for options it does not know. `mountpoint` where users see it elsewhere than at `path`.',
    args: Type.Object(Volume),
    answer: Type.Object({ mountpoint: Type.Optional(Type.String()) }),
    undo: 'remove',
  }),
  publish: verb({
    doc: 'Makes the content a directory for `consumer`, and answers where. With `seed`, a volume that is empty gets what is at `seed.path` in the file system at `seed.root` (symlinks resolved beneath it), owner and mode of the directory included.',
    args: Type.Object({
      ...Volume,
      consumer: ResourceId,
      seed: Type.Optional(Type.Object({ root: HostPath, path: HostPath })),
    }),
    answer: Type.Object({ path: HostPath }),
    undo: 'unpublish',
    simulate: ({ path }) => ({ path }),
  }),
  unpublish: verb({
    doc: 'The consumer uses it no more.',
    args: Type.Object({ ...Volume, consumer: ResourceId }),
    answer: Done,
  }),
  remove: verb({ doc: 'Deletes the volume and all that is in it.', args: Type.Object(Volume), answer: Done }),
} as const;

/**
 * Capabilities: `seed`: does what `publish` says of a seed; without it a new volume stays empty. `delegates`: stands for every driver name that nobody else has.
 * `inPlace`: what a volume without options holds is at its mountpoint, used or not, so that its size can be told. `observe` answers `{resource: 'volume', id: name}`
 * and, for each consumer, `{resource: 'publication', id: consumer, of: name}`.
 */
export interface VolumeDriver extends DriverBase, VerbsOf<typeof VOLUME_VERBS> {}
