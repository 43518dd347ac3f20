import { Type } from '@sinclair/typebox';
import { Done, type DriverBase, HostPath, ResourceId, type VerbsOf, verb } from './verb.ts';

/**
 * A storage driver gives containers their root file systems.
 *
 * Terms. A *snapshot* is a directory tree with a key and perhaps a parent. A *layer* is a committed, immutable snapshot;
 * its key is the chain id of the image layers it holds. An *active* snapshot is writable; its key is the container's id.
 * A *mount* is an active snapshot's tree made visible at a target directory.
 *
 * Life. `applyLayer` makes layers bottom-up from tar streams. `prepare` makes an active snapshot on a layer (or on
 * nothing); `mount` shows it, `unmount` hides it and keeps its content; `remove` deletes a snapshot for good. A snapshot
 * with children is not removed: the engine knows the children and removes them first.
 *
 * All state is in the driver's own root directory, under names made of keys.
 */
export const STORAGE_VERBS = {
  applyLayer: verb({
    doc: "Makes layer `key` on `parent` from the tar (plain or gzip or zstd) at `source`. Answers the diff id it computed; a digest other than `diffId` fails DIGEST_MISMATCH, an entry outside the root ARCHIVE_ESCAPES, a broken tar, or data after the end of the compressed ones, ARCHIVE_INVALID. After failure no snapshot `key` exists. Repeating is free. `digest`: of the blob at `source`, which whoever calls has checked; it is remembered. What the answer says of a layer that was there already is said of the blob that it was made from: that one's `digest`, if it was told, and the `tarBytes` of the uncompressed tar.",
    args: Type.Object({
      key: ResourceId,
      parent: Type.Optional(ResourceId),
      diffId: Type.String(),
      source: HostPath,
      digest: Type.Optional(Type.String()),
    }),
    answer: Type.Object({
      diffId: Type.String(),
      bytes: Type.Number(),
      tarBytes: Type.Optional(Type.Number()),
      digest: Type.Optional(Type.String()),
    }),
    undo: 'remove',
    // Layers may be large.
    deadlineMs: 1_800_000,
    simulate: ({ diffId }) => ({ diffId, bytes: 0 }),
  }),
  prepare: verb({
    doc: 'Makes the active snapshot `key` on layer `parent`, empty if absent. Fails SNAPSHOT_NOT_FOUND if the parent is missing. An `ephemeral` one need not survive power loss, as that of a container that is removed when it ends. Of one with `sizeBytes`, what is written into it takes at most so many bytes; writing more fails EDQUOT or ENOSPC. Drivers without capability `quota` fail NOT_SUPPORTED then. One `like` a directory, which nobody writes to meanwhile, shows what that does: the same content, owners, modes, times, extended attributes, devices and hard links, sockets left out; what `parent` has of it is shared as ever.',
    args: Type.Object({
      key: ResourceId,
      parent: Type.Optional(ResourceId),
      ephemeral: Type.Optional(Type.Boolean()),
      sizeBytes: Type.Optional(Type.Integer({ minimum: 1 })),
      like: Type.Optional(HostPath),
    }),
    answer: Done,
    undo: 'remove',
    // Trees may be large.
    deadlineMs: 1_800_000,
  }),
  mount: verb({
    doc: 'Makes the active snapshot visible at directory `target`, which it creates. Answers what it mounted.',
    args: Type.Object({ key: ResourceId, target: HostPath, ephemeral: Type.Optional(Type.Boolean()) }),
    answer: Type.Object({
      mounts: Type.Array(
        Type.Object({ type: Type.String(), source: Type.String(), target: Type.String(), options: Type.Array(Type.String()) }),
      ),
    }),
    undo: 'unmount',
    simulate: () => ({ mounts: [] }),
  }),
  unmount: verb({
    doc: 'Undoes mount and removes the target directory. The snapshot stays.',
    args: Type.Object({ key: ResourceId, target: HostPath }),
    answer: Done,
  }),
  remove: verb({
    doc: 'Deletes the snapshot: renamed away first, so that a crash leaves something recognisable, then deleted.',
    args: Type.Object({ key: ResourceId }),
    answer: Done,
  }),
  changes: verb({
    doc: 'How the active snapshot `key` differs from layer `parent` (from nothing, if absent), mounted or not: paths from its root, a directory before what is in it. A directory is modified also when something in it differs; what is in a deleted one is not listed. Paths in `ignore` do not count when they were added, nor what is in them. `exact`: also what only the time of a change tells, such as an extended attribute, where the driver knows it of what was not changed.',
    args: Type.Object({
      key: ResourceId,
      parent: Type.Optional(ResourceId),
      ignore: Type.Array(HostPath),
      exact: Type.Optional(Type.Boolean()),
    }),
    answer: Type.Object({
      changes: Type.Array(
        Type.Object({
          path: HostPath,
          kind: Type.Union([Type.Literal('modified'), Type.Literal('added'), Type.Literal('deleted')]),
        }),
      ),
    }),
    // Trees may be large.
    deadlineMs: 600_000,
    simulate: () => ({ changes: [] }),
  }),
  usage: verb({
    doc: 'Bytes and inodes that the snapshot itself holds, without its parents. Nobody waits for it: the snapshot may change, or go, meanwhile.',
    args: Type.Object({ key: ResourceId }),
    answer: Type.Object({ bytes: Type.Number(), inodes: Type.Number() }),
    // Trees may be large.
    deadlineMs: 600_000,
    simulate: () => ({ bytes: 0, inodes: 0 }),
  }),
} as const;

/** How a path in a container's root file system differs from its image. */
export type PathChange = Awaited<ReturnType<StorageDriver['changes']>>['changes'][number];

/** Capabilities: `copyOnWrite`: snapshots share what they have not changed. `quota`: see `prepare`. `observe` answers `{resource: 'snapshot' | 'mount', id: key}`. */
export interface StorageDriver extends DriverBase, VerbsOf<typeof STORAGE_VERBS> {}
