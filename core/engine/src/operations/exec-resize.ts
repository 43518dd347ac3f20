import { decided, type Handler, UNKNOWN } from './handler.ts';

export const execResize: Handler<'exec.resize'> = {
  async run(op) {
    const { id, containerId, rows, columns } = decided(op);
    await op.step('runtime', op.engine.ledger.head.container(containerId).runtime, 'resize', { id: containerId, exec: id, rows, columns });
    return {};
  },
  recover: async () => ({ status: 'unknown', error: UNKNOWN }),
  answer: ({ id }) => ({ id }),
};
