import { decided, type Handler, INTERRUPTED } from './handler.ts';

export const volumeCreate: Handler<'volume.create'> = {
  async run(op) {
    const { name, driver, mountpoint } = decided(op);
    await op.step('volume', driver, 'create', { name, path: mountpoint });
    return {};
  },
  async recover(op) {
    const { name, driver, mountpoint } = decided(op);
    await op.step('volume', driver, 'remove', { name, path: mountpoint });
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: ({ name }) => ({ name }),
};
