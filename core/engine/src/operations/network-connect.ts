import type { Decisions } from '@shiplog/contracts';
import { attach, detachArgs } from '../containers/container-up.ts';
import type { Operation } from '../commands/operation.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';

export const networkConnect: Handler<'network.connect'> = {
  async run(op) {
    const { id, endpoint } = decided(op);
    const { ledger, names, parts } = op.engine;
    if (endpoint === undefined) return {};
    const container = ledger.head.container(id);
    // It has been an endpoint of the container since the intent.
    const isFirst = Object.keys(container.endpoints).length === 1;
    const sandbox = parts.paths.sandbox(id);
    await attach(op, container, endpoint, sandbox, isFirst);
    if (names.addressFor([endpoint]) !== undefined) await names.serve(id, sandbox);
    return {};
  },
  async recover(op) {
    await detach(op, decided(op));
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: ({ id }) => ({ id }),
};

export const networkDisconnect: Handler<'network.disconnect'> = {
  async run(op) {
    await detach(op, decided(op));
    return {};
  },
  async recover(op) {
    await detach(op, decided(op));
    return { status: 'ok', data: {} };
  },
  answer: ({ id }) => ({ id }),
};

/** Succeeds when there is nothing. */
async function detach(op: Operation, { id, networkId, endpoint }: NonNullable<Decisions['network.disconnect']>): Promise<void> {
  const { head } = op.engine.ledger;
  const [container, network] = [head.containers.get(id), head.networks.get(networkId)];
  if (endpoint === undefined || container === undefined || network === undefined) return;
  const args = detachArgs(container, endpoint, await op.engine.secrets.known(network));
  await op.step('network', network.driver, 'detach', args, { label: `network.detach ${network.name}` });
}
