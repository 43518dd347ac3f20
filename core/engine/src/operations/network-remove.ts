import type { NetworkRecord } from '@shiplog/contracts';
import { plain } from '../containers/container-up.ts';
import type { Operation } from '../commands/operation.ts';
import { decided, type Handler } from './handler.ts';

/** Removes a network that nobody is on, and its secrets. May be repeated. */
export async function removeNetwork(op: Operation, network: NetworkRecord, label?: string): Promise<void> {
  const args = { network: plain(await op.known(network)) };
  await op.step('network', network.driver, 'removeNetwork', args, label === undefined ? {} : { label });
  await op.engine.secrets.forget(network);
}

async function remove(op: Operation<'network.remove'>) {
  await removeNetwork(op, op.engine.ledger.head.network(decided(op).id));
  return {};
}

export const networkRemove: Handler<'network.remove'> = {
  run: remove,
  recover: async (op) => ({ status: 'ok', data: await remove(op) }),
  answer: ({ id }) => ({ id }),
};
