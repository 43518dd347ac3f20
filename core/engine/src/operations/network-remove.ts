import { plain } from '../containers/container-up.ts';
import type { Operation } from '../commands/operation.ts';
import { decided, type Handler } from './handler.ts';

async function remove(op: Operation<'network.remove'>) {
  const network = op.engine.ledger.head.network(decided(op).id);
  await op.step('network', network.driver, 'removeNetwork', { network: plain(await op.engine.secrets.known(network)) });
  await op.engine.secrets.forget(network);
  return {};
}

export const networkRemove: Handler<'network.remove'> = {
  run: remove,
  recover: async (op) => ({ status: 'ok', data: await remove(op) }),
  answer: ({ id }) => ({ id }),
};
