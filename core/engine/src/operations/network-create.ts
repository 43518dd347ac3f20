import { decided, type Handler, INTERRUPTED } from './handler.ts';

export const networkCreate: Handler<'network.create'> = {
  async run(op) {
    const { id, name, driver, subnet, gateway, internal, options } = await op.revealed(decided(op));
    await op.step('network', driver, 'createNetwork', { network: { id, name, subnet, gateway, internal, options: { ...options } } });
    return {};
  },
  async recover(op) {
    const { id, name, driver, subnet, gateway, internal, options } = await op.engine.secrets.known(decided(op));
    await op.step('network', driver, 'removeNetwork', { network: { id, name, subnet, gateway, internal, options: { ...options } } });
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: ({ id }) => ({ id }),
};
