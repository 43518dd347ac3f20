import { endProcess, signal } from '../containers/container-down.ts';
import { decided, type Handler, UNKNOWN } from './handler.ts';

const SIGKILL = 9;

/** Sends a signal. SIGKILL has come to its end, as in Docker (moby, daemon/kill.go), when the exit is a durable fact: what was killed may be removed, or started again. */
export const containerKill: Handler<'container.kill'> = {
  async run(op) {
    const { id, signal: number } = decided(op);
    const container = op.engine.ledger.head.container(id);
    if (number === SIGKILL) await endProcess(op, container, number, 0);
    else await signal(op, container, number);
    return {};
  },
  recover: async () => ({ status: 'unknown', error: UNKNOWN }),
  answer: ({ id }) => ({ id }),
};
