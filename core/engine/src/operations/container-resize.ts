import { decided, type Handler, UNKNOWN } from './handler.ts';

export const containerResize: Handler<'container.resize'> = {
  async run(op) {
    const { id, rows, columns } = decided(op);
    await op.step('runtime', op.engine.ledger.head.container(id).runtime, 'resize', { id, rows, columns });
    return {};
  },
  recover: async () => ({ status: 'unknown', error: UNKNOWN }),
  answer: ({ id }) => ({ id }),
};
