import { bringDown } from '../containers/container-down.ts';
import { decided, type Handler } from './handler.ts';

export const containerRelease: Handler<'container.release'> = {
  async run(op) {
    await bringDown(op, op.engine.ledger.head.container(decided(op).id));
    return {};
  },
  async recover(op) {
    await bringDown(op, op.engine.ledger.head.container(decided(op).id));
    return { status: 'ok', data: {} };
  },
  answer: ({ id }) => ({ id }),
};
