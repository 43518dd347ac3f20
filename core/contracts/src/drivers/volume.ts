import { Type } from '@sinclair/typebox';
import { Done, type DriverBase, HostPath, ResourceId, type VerbsOf, verb } from './verb.ts';

/** A volume driver keeps data that outlives containers, in a directory the engine names. */
export const VOLUME_VERBS = {
  create: verb({
    doc: 'Makes the directory `path`. What is there stays.',
    args: Type.Object({ name: ResourceId, path: HostPath }),
    answer: Done,
  }),
  remove: verb({ doc: 'Deletes the volume and all that is in it.', args: Type.Object({ name: ResourceId, path: HostPath }), answer: Done }),
} as const;

/** `observe` answers `{resource: 'volume', id: name}`. */
export interface VolumeDriver extends DriverBase, VerbsOf<typeof VOLUME_VERBS> {}
