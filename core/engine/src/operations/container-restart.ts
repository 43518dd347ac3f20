import { bringDown, endProcess } from '../containers/container-down.ts';
import { bringUp } from '../containers/container-up.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';

/** Ends the container if it runs, and starts it with the same leases. */
export const containerRestart: Handler<'container.restart'> = {
  async run(op) {
    const { id, signal, timeoutSeconds, endpoints, sandbox } = decided(op);
    const { head } = op.engine.ledger;
    const container = head.container(id);
    if (container.process !== undefined) await endProcess(op, container, signal, timeoutSeconds);
    // One that has just ended by itself may not be released yet, and what is made of an old one would be the old one.
    if (container.process !== undefined || container.finishedAt !== '') await bringDown(op, container, endpoints);
    return { process: await bringUp(op, container, await op.engine.images.whole(head.image(container.imageId)), { endpoints, sandbox }) };
  },
  async recover(op) {
    const { id, endpoints } = decided(op);
    const container = op.engine.ledger.head.container(id);
    const state = await op.step('runtime', container.runtime, 'state', { id });
    if (state.status === 'running' && state.process !== undefined) return { status: 'ok', data: { process: state.process } };
    await bringDown(op, container, endpoints);
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: ({ id }) => ({ id }),
};
