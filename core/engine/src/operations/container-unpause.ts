import { decided, type Handler } from './handler.ts';

export const containerUnpause: Handler<'container.unpause'> = {
  async run(op) {
    await op.step('cgroup', op.engine.parts.chosen.cgroup, 'thaw', { id: decided(op).id });
    return {};
  },
  async recover(op) {
    await op.step('cgroup', op.engine.parts.chosen.cgroup, 'thaw', { id: decided(op).id });
    return { status: 'ok', data: {} };
  },
  answer: ({ id }) => ({ id }),
};
