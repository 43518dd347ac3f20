import type { Operation } from '../commands/operation.ts';
import { decided, type Handler } from './handler.ts';
import { removeNetwork } from './network-remove.ts';
import { removeEach } from './remove-each.ts';

async function prune(op: Operation<'network.prune'>) {
  const { networks } = op.engine.ledger.head;
  const removed = await removeEach(
    op,
    'network',
    decided(op).networks.map(({ id }) => id),
    async (id) => {
      const network = networks.get(id);
      if (network !== undefined) await removeNetwork(op, network, `network.removeNetwork ${network.name}`);
    },
  );
  return { removed };
}

export const networkPrune: Handler<'network.prune'> = {
  unaffected: { removed: [] },
  run: prune,
  recover: async (op) => ({ status: 'ok', data: await prune(op) }),
  answer: ({ networks }, { removed }) => ({ removed: networks.filter(({ id }) => removed.includes(id)) }),
};
