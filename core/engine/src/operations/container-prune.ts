import type { Operation } from '../operation.ts';
import { removeContainer } from './container-remove.ts';
import { decided, type Handler } from './handler.ts';

async function prune(op: Operation<'container.prune'>) {
  const removed: string[] = [];
  let reclaimedBytes = 0;
  for (const id of decided(op).ids) {
    const container = op.engine.ledger.head.containers.get(id);
    if (container === undefined) continue;
    reclaimedBytes += (await op.step('storage', container.storageDriver, 'usage', { key: id }).catch(() => ({ bytes: 0 }))).bytes;
    await removeContainer(op, container);
    removed.push(id);
  }
  return { removed, reclaimedBytes };
}

export const containerPrune: Handler<'container.prune'> = {
  unaffected: { removed: [], reclaimedBytes: 0 },
  run: prune,
  recover: async (op) => ({ status: 'ok', data: await prune(op) }),
  answer: (_, outcome) => outcome,
};
