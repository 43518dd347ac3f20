import { type ContainerRecord, type Digest, ShiplogError } from '@shiplog/contracts';
import { exclusiveLayers } from '@shiplog/model';
import type { Operation } from '../commands/operation.ts';
import { removeContainer } from './container-remove.ts';
import { decided, type Handler } from './handler.ts';
import { removeEach } from './remove-each.ts';
import { removeLayer } from './remove-layer.ts';

async function prune(op: Operation<'container.prune'>) {
  const containers: ContainerRecord[] = [];
  let reclaimedBytes = 0;
  const removed = await removeEach(op, 'container', decided(op).ids, async (id) => {
    const container = op.engine.ledger.head.containers.get(id);
    if (container === undefined) return;
    const { bytes } = await op.step('storage', container.storageDriver, 'usage', { key: id }).catch(() => ({ bytes: 0 }));
    await removeContainer(op, container);
    containers.push(container);
    reclaimedBytes += bytes;
  });
  await removeLayers(op, containers);
  return { removed, reclaimedBytes };
}

/** Takes away layers that nobody needs without these containers. What cannot be removed is collected at the engine's next start: the containers are gone. */
async function removeLayers(op: Operation, containers: readonly ContainerRecord[]): Promise<void> {
  const leaving = containers.map(({ id }) => id);
  const layers = new Map<string, Set<Digest>>();
  for (const container of containers) {
    const keys = exclusiveLayers(op.engine.ledger.head, container, leaving);
    layers.set(container.storageDriver, new Set([...(layers.get(container.storageDriver) ?? []), ...keys]));
  }
  for (const [driver, keys] of layers) {
    for (const key of keys) {
      await removeLayer(op, { storageDriver: driver, key }).catch((error: unknown) =>
        op.engine.drift('storage', `snapshot/${key}`, 'absent', ShiplogError.wrap(error).message),
      );
    }
  }
}

export const containerPrune: Handler<'container.prune'> = {
  unaffected: { removed: [], reclaimedBytes: 0 },
  run: prune,
  recover: async (op) => ({ status: 'ok', data: await prune(op) }),
  answer: (_, outcome) => outcome,
};
