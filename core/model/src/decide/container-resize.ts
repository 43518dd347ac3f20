import { requireUp } from './require.ts';
import { checkTerminalSize } from './terminal-size.ts';
import type { Decider } from './verdict.ts';

export const decideContainerResize: Decider<'container.resize'> = (view, { args }) => {
  const container = view.container(args.container);
  const { rows, columns } = args;
  checkTerminalSize(rows, columns);
  requireUp(container);
  return { decided: { id: container.id, rows, columns }, expected: 'stream-exists' };
};
