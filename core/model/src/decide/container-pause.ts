import { requireNotPaused, requireUp } from './require.ts';
import type { Decider } from './verdict.ts';

export const decideContainerPause: Decider<'container.pause'> = (view, { args }) => {
  const container = view.container(args.container);
  requireUp(container);
  requireNotPaused(container, `Container ${container.id} is already paused`);
  return { decided: { id: container.id }, expected: 'stream-exists' };
};
