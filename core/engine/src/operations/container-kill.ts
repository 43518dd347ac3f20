import { signal } from '../containers/container-down.ts';
import { decided, type Handler, UNKNOWN } from './handler.ts';

export const containerKill: Handler<'container.kill'> = {
  async run(op) {
    const { id, signal: number } = decided(op);
    const container = op.engine.ledger.head.container(id);
    // Frozen processes do not die of SIGKILL on cgroup v1 until they are thawed.
    if (container.status === 'paused' && number === 9) await op.step('cgroup', op.engine.parts.chosen.cgroup, 'thaw', { id });
    await signal(op, container, number);
    return {};
  },
  recover: async () => ({ status: 'unknown', error: UNKNOWN }),
  answer: ({ id }) => ({ id }),
};
