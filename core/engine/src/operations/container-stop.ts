import { endProcess } from '../container-down.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';

/** Ends the process. What the container held on the host is given back afterwards, as after any exit. */
export const containerStop: Handler<'container.stop'> = {
  async run(op) {
    const { id, signal, timeoutSeconds } = decided(op);
    return { exitCode: await endProcess(op, op.engine.ledger.head.container(id), signal, timeoutSeconds) };
  },
  async recover(op) {
    const container = op.engine.ledger.head.container(decided(op).id);
    const state = await op.step('runtime', container.runtime, 'state', { id: container.id });
    if (state.status === 'running') return { status: 'failed', error: INTERRUPTED };
    return { status: 'ok', data: { exitCode: state.exitCode ?? container.exitCode } };
  },
  answer: ({ id }, { exitCode }) => ({ id, exitCode }),
};
