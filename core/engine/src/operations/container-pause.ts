import { decided, type Handler, INTERRUPTED } from './handler.ts';

export const containerPause: Handler<'container.pause'> = {
  async run(op) {
    await op.step('cgroup', op.engine.parts.chosen.cgroup, 'freeze', { id: decided(op).id });
    return {};
  },
  async recover(op) {
    await op.step('cgroup', op.engine.parts.chosen.cgroup, 'thaw', { id: decided(op).id });
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: ({ id }) => ({ id }),
};
