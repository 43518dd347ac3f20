import type { ContainerRecord, Digest } from '@shiplog/contracts';
import { exclusiveLayers } from '@shiplog/model';
import type { Operation } from '../commands/operation.ts';
import { removeContainer } from './container-remove.ts';
import { decided, type Handler } from './handler.ts';

async function prune(op: Operation<'container.prune'>) {
  const { ids } = decided(op);
  const { head } = op.engine.ledger;
  const containers = ids.map((id) => head.containers.get(id)).filter((container) => container !== undefined);
  let reclaimedBytes = 0;
  for (const container of containers) {
    const { id, storageDriver } = container;
    reclaimedBytes += (await op.step('storage', storageDriver, 'usage', { key: id }).catch(() => ({ bytes: 0 }))).bytes;
    await removeContainer(op, container);
  }
  await removeLayers(op, containers);
  return { removed: containers.map(({ id }) => id), reclaimedBytes };
}

/** Takes away layers that nobody needs without these containers. */
async function removeLayers(op: Operation, containers: readonly ContainerRecord[]): Promise<void> {
  const leaving = containers.map(({ id }) => id);
  const layers = new Map<string, Set<Digest>>();
  for (const container of containers) {
    const keys = exclusiveLayers(op.engine.ledger.head, container, leaving);
    layers.set(container.storageDriver, new Set([...(layers.get(container.storageDriver) ?? []), ...keys]));
  }
  for (const [driver, keys] of layers) {
    for (const key of keys) await op.step('storage', driver, 'remove', { key }, { label: `storage.remove ${key}` });
  }
}

export const containerPrune: Handler<'container.prune'> = {
  unaffected: { removed: [], reclaimedBytes: 0 },
  run: prune,
  recover: async (op) => ({ status: 'ok', data: await prune(op) }),
  answer: (_, outcome) => outcome,
};
