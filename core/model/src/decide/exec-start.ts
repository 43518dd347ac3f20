import { ShiplogError } from '@shiplog/contracts';
import { requireNotPaused, requireUp } from './require.ts';
import type { Decider } from './verdict.ts';

/** A session runs once. */
export const decideExecStart: Decider<'exec.start'> = (view, { args }) => {
  const exec = view.exec(args.exec);
  if (exec.status !== 'created') {
    const what = exec.status === 'running' ? 'is already running' : 'has already run';
    throw new ShiplogError('EXEC_ALREADY_RUN', `exec command ${exec.id} ${what}`, { id: exec.id, status: exec.status });
  }
  const container = view.container(exec.containerId);
  requireUp(container);
  requireNotPaused(container, `Container ${container.name} is paused, unpause the container before exec`);
  return { decided: { id: exec.id, containerId: container.id }, expected: 'stream-exists' };
};
