import { bringDown, endProcess } from '../container-down.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';

export const containerStop: Handler<'container.stop'> = {
  async run(op) {
    const { id, signal, timeoutSeconds } = decided(op);
    const container = op.engine.ledger.head.container(id);
    const exitCode = await endProcess(op, container, signal, timeoutSeconds);
    await bringDown(op, container);
    return { exitCode };
  },
  async recover(op) {
    const container = op.engine.ledger.head.container(decided(op).id);
    const state = await op.step('runtime', container.runtime, 'state', { id: container.id });
    if (state.status === 'running') return { status: 'failed', error: INTERRUPTED };
    await bringDown(op, container);
    return { status: 'ok', data: { exitCode: state.exitCode ?? container.exitCode } };
  },
  answer: ({ id }, { exitCode }) => ({ id, exitCode }),
};
