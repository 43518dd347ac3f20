import type { ImageRecord, ImageRemoval, LoadedImage } from '@shiplog/contracts';
import { findImageByTag } from '../projections/find-image.ts';
import type { State } from '../state.ts';
import { change } from './container-record.ts';
import type { EventsOf, Evolvers } from './evolvers.ts';
import { hold, pendingOf } from './pending.ts';

export const imageEvolvers: Evolvers<EventsOf<'image'>> = {
  'image.load.requested': () => undefined,
  'image.load.succeeded': (state, event) => arrived(state, event.data.images, event.data.storageDriver, event.t),
  'image.load.failed': () => undefined,
  'image.import.requested': () => undefined,
  'image.import.succeeded': (state, event) => arrived(state, event.data.images, event.data.storageDriver, event.t),
  'image.import.failed': () => undefined,
  'image.commit.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null) change(state, decided.id, { busy: { op: event.op, verb: 'image.commit' } });
  },
  'image.commit.succeeded': (state, event) => arrived(state, event.data.images, event.data.storageDriver, event.t),
  'image.commit.failed': () => undefined,
  // Its images come with commits, its names with tags.
  'image.build.requested': () => undefined,
  'image.build.succeeded': () => undefined,
  'image.build.failed': () => undefined,
  'image.pull.requested': () => undefined,
  'image.pull.succeeded': (state, event) => {
    const { images, storageDriver, repoDigest } = event.data;
    arrived(state, images, storageDriver, event.t);
    for (const { manifest } of images) named(state, manifest.id, repoDigest);
  },
  'image.pull.failed': () => undefined,
  'image.push.requested': () => undefined,
  'image.push.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'image.push');
    if (pending !== undefined) named(state, pending.decided.id, event.data.repoDigest);
  },
  'image.push.failed': () => undefined,
  'image.tag.requested': () => undefined,
  'image.tag.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'image.tag');
    if (pending !== undefined) moveTag(state, pending.decided.reference, pending.decided.id, event.t);
  },
  'image.tag.failed': () => undefined,
  'image.migrate.requested': () => undefined,
  'image.migrate.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'image.migrate');
    const image = pending === undefined ? undefined : state.images.get(pending.decided.id);
    if (pending !== undefined && image !== undefined) state.images.set(image.id, { ...image, storageDriver: pending.decided.to });
  },
  'image.migrate.failed': () => undefined,
  // Names and images go with the intent: nobody may build on what is being taken away. A failure brings them back.
  'image.remove.requested': (state, event) => {
    if (event.data.decided !== null) takeAway(state, event.op, event.data.decided.removals);
  },
  'image.remove.succeeded': () => undefined,
  'image.remove.failed': (state, event) => bringBack(state, pendingOf(state, event.op, 'image.remove')?.held.images ?? []),
  'image.prune.requested': (state, event) => {
    if (event.data.decided !== null) takeAway(state, event.op, event.data.decided.removals);
  },
  'image.prune.succeeded': () => undefined,
  'image.prune.failed': (state, event) => bringBack(state, pendingOf(state, event.op, 'image.prune')?.held.images ?? []),
};

function arrived(state: State, loaded: readonly LoadedImage[], usual: string, at: string): void {
  for (const { manifest, tags, parent, storageDriver = usual } of loaded) {
    const known = state.images.get(manifest.id);
    const builtOf = known?.parent ?? parent;
    state.images.set(manifest.id, {
      ...manifest,
      tags: known?.tags ?? [],
      repoDigests: known?.repoDigests ?? [],
      arrivedAt: known?.arrivedAt ?? at,
      lastTaggedAt: known?.lastTaggedAt ?? at,
      ...(builtOf === undefined ? {} : { parent: builtOf }),
      storageDriver,
    });
    for (const tag of tags) moveTag(state, tag, manifest.id, at);
  }
}

/** What an image is called where it comes from, or went. */
function named(state: State, id: string, repoDigest: string): void {
  const image = state.images.get(id);
  if (image === undefined || image.repoDigests.includes(repoDigest)) return;
  state.images.set(id, { ...image, repoDigests: [...image.repoDigests, repoDigest] });
}

/** A tag names one image: it leaves the one that had it. */
function moveTag(state: State, tag: string, id: string, at: string): void {
  const holder = findImageByTag(state.images, tag);
  if (holder !== undefined && holder.id !== id) state.images.set(holder.id, untagged(holder, [tag]));
  const image = state.images.get(id);
  if (image === undefined) return;
  const tags = image.tags.includes(tag) ? image.tags : [...image.tags, tag];
  state.images.set(id, { ...image, tags, lastTaggedAt: at });
}

function takeAway(state: State, op: string, removals: readonly ImageRemoval[]): void {
  hold(state, op, { images: removals.map(({ id }) => state.images.get(id)).filter((image) => image !== undefined) });
  for (const { id, untag, remove } of removals) {
    const image = state.images.get(id);
    if (image === undefined) continue;
    if (remove) state.images.delete(id);
    else state.images.set(id, untagged(image, untag));
  }
}

/** Names come back in the order they had; tags that another image took meanwhile stay with it. */
function bringBack(state: State, images: readonly ImageRecord[]): void {
  for (const before of images) {
    const now = state.images.get(before.id) ?? { ...before, tags: [], repoDigests: [] };
    const tags = before.tags.filter((tag) => now.tags.includes(tag) || findImageByTag(state.images, tag) === undefined);
    state.images.set(before.id, {
      ...now,
      tags: [...new Set([...tags, ...now.tags])],
      repoDigests: [...new Set([...before.repoDigests, ...now.repoDigests])],
    });
  }
}

function untagged(image: ImageRecord, names: readonly string[]): ImageRecord {
  return {
    ...image,
    tags: image.tags.filter((tag) => !names.includes(tag)),
    repoDigests: image.repoDigests.filter((digest) => !names.includes(digest)),
  };
}
