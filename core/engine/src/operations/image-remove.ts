import type { ImageRemoval } from '@shiplog/contracts';
import type { Operation } from '../commands/operation.ts';
import { decided, type Handler } from './handler.ts';
import { removeLayer } from './remove-layer.ts';

/** Deletes what no other image holds: snapshots uppermost first, then blobs. */
async function removeImages(op: Operation<'image.remove'> | Operation<'image.prune'>, removals: readonly ImageRemoval[]): Promise<void> {
  const { parts } = op.engine;
  for (const removal of removals) {
    if (!removal.remove) continue;
    const storage = removal.storageDriver ?? parts.defaults.storageDriver;
    for (const key of removal.snapshots) await removeLayer(op, { storageDriver: storage, key });
    await op.act('image-store.remove', () => parts.drivers.get('image-store', parts.chosen.imageStore).remove(removal.blobs));
  }
}

export const imageRemove: Handler<'image.remove'> = {
  async run(op) {
    await removeImages(op, decided(op).removals);
    return {};
  },
  async recover(op) {
    await removeImages(op, decided(op).removals);
    return { status: 'ok', data: {} };
  },
  answer: ({ removals }) => ({
    untagged: removals.flatMap((removal) => removal.untag),
    deleted: removals.filter((removal) => removal.remove).map((removal) => removal.id),
  }),
};

async function prune(op: Operation<'image.prune'>) {
  const { removals } = decided(op);
  let reclaimedBytes = 0;
  for (const removal of removals) {
    const storage = removal.storageDriver ?? op.engine.parts.defaults.storageDriver;
    for (const key of removal.snapshots) {
      if (op.engine.leases.isHeld({ storageDriver: storage, key })) continue;
      reclaimedBytes += (await op.step('storage', storage, 'usage', { key }).catch(() => ({ bytes: 0 }))).bytes;
    }
  }
  await removeImages(op, removals);
  return { reclaimedBytes };
}

export const imagePrune: Handler<'image.prune'> = {
  unaffected: { reclaimedBytes: 0 },
  run: prune,
  recover: async (op) => ({ status: 'ok', data: await prune(op) }),
  answer: ({ removals }, { reclaimedBytes }) => ({
    untagged: removals.flatMap((removal) => removal.untag),
    deleted: removals.filter((removal) => removal.remove).map((removal) => removal.id),
    reclaimedBytes,
  }),
};
