import type { VolumeRecord } from '@shiplog/contracts';
import type { Operation } from '../commands/operation.ts';
import { isInPlace } from '../drivers/is-in-place.ts';
import { decided, type Handler } from './handler.ts';
import { removeEach } from './remove-each.ts';
import { removeVolume } from './volume-remove.ts';

async function prune(op: Operation<'volume.prune'>) {
  const { volumes } = op.engine.ledger.head;
  let reclaimedBytes = 0;
  const removed = await removeEach(op, 'volume', decided(op).names, async (name) => {
    const volume = volumes.get(name);
    if (volume === undefined) return;
    const bytes = await bytesOf(op, volume);
    await removeVolume(op, volume, `volume.remove ${name}`);
    reclaimedBytes += bytes;
  });
  return { removed, reclaimedBytes };
}

/** 0 for what cannot be measured: that keeps no volume from going. */
async function bytesOf(op: Operation, volume: VolumeRecord): Promise<number> {
  const { drivers, host } = op.engine.parts;
  return isInPlace(drivers, volume) ? host.treeBytes(volume.mountpoint, op.ctx.signal).catch(() => 0) : 0;
}

export const volumePrune: Handler<'volume.prune'> = {
  unaffected: { removed: [], reclaimedBytes: 0 },
  run: prune,
  recover: async (op) => ({ status: 'ok', data: await prune(op) }),
  answer: (_, outcome) => outcome,
};
