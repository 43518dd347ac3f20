import { ShiplogError } from '@shiplog/contracts';
import { checkTerminalSize } from './terminal-size.ts';
import type { Decider } from './verdict.ts';

export const decideExecResize: Decider<'exec.resize'> = (view, { args }) => {
  const exec = view.exec(args.exec);
  const { rows, columns } = args;
  checkTerminalSize(rows, columns);
  if (exec.status !== 'running') {
    throw new ShiplogError('CONTAINER_NOT_RUNNING', `exec command ${exec.id} is not running`, { id: exec.id, status: exec.status });
  }
  return { decided: { id: exec.id, containerId: exec.containerId, rows, columns }, expected: 'stream-exists' };
};
