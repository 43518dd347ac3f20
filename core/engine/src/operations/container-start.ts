import { bringDown } from '../containers/container-down.ts';
import { bringUp } from '../containers/container-up.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';

export const containerStart: Handler<'container.start'> = {
  async run(op) {
    const { id, endpoints, sandbox } = decided(op);
    const { head } = op.engine.ledger;
    const container = head.container(id);
    return { process: await bringUp(op, container, await op.engine.images.whole(head.image(container.imageId)), { endpoints, sandbox }) };
  },
  async recover(op) {
    const { id, endpoints } = decided(op);
    const container = op.engine.ledger.head.container(id);
    const state = await op.step('runtime', container.runtime, 'state', { id });
    // An exit that was recorded meanwhile is told by the runtime again, after this.
    if (state.process !== undefined && (state.status === 'running' || state.status === 'exited'))
      return { status: 'ok', data: { process: state.process } };
    await bringDown(op, container, endpoints);
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: ({ id }) => ({ id }),
};
