import { ShiplogError } from '@shiplog/contracts';
import { requireIdle } from './require.ts';
import type { Decider } from './verdict.ts';

/** Running or not: the container keeps still meanwhile, so that nothing is mounted or removed under what is written. */
export const decideContainerExtract: Decider<'container.extract'> = (view, { args }) => {
  const container = view.container(args.container);
  const { path } = args;
  if (path === '' || path.includes('\0')) {
    throw new ShiplogError('REQUEST_INVALID', 'the path of a directory in the container is required, without a zero byte', { path });
  }
  requireIdle(container);
  return { decided: { id: container.id, path }, expected: 'stream-exists' };
};
