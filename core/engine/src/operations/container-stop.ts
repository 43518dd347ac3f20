import { endProcess } from '../containers/container-down.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';

/** Ends the process. What the container held on the host is given back afterwards, as after any exit. */
export const containerStop: Handler<'container.stop'> = {
  async run(op) {
    const { id, signal, timeoutSeconds } = decided(op);
    const container = op.engine.ledger.head.container(id);
    // It waits to be started again, and waits no more.
    if (container.process === undefined) return { exitCode: container.exitCode };
    return { exitCode: await endProcess(op, container, signal, timeoutSeconds) };
  },
  async recover(op) {
    const container = op.engine.ledger.head.container(decided(op).id);
    const state = await op.step('runtime', container.runtime, 'state', { id: container.id });
    if (state.status === 'running') return { status: 'failed', error: INTERRUPTED };
    return { status: 'ok', data: { exitCode: state.exitCode ?? container.exitCode } };
  },
  answer: ({ id }, { exitCode }) => ({ id, exitCode }),
};
