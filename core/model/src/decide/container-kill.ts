import { signalNumber } from '../signals.ts';
import { requireUp } from './require.ts';
import type { Decider } from './verdict.ts';

/** Needs no exclusive right: a signal reaches a container that is being stopped, too. */
export const decideContainerKill: Decider<'container.kill'> = (view, { args }) => {
  const container = view.container(args.container);
  const signal = args.signal === '' ? 9 : signalNumber(args.signal);
  requireUp(container, `cannot kill container: ${args.container}: `);
  return { decided: { id: container.id, signal }, expected: 'stream-exists' };
};
