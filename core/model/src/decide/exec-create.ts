import { ShiplogError } from '@shiplog/contracts';
import { requireNotPaused, requireUp } from './require.ts';
import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/** Effectless: the session's process is made at its start. `givens.ids[0]` is its id. */
export const decideExecCreate: Decider<'exec.create'> = (view, { args, givens }) => {
  const container = view.container(args.container);
  requireUp(container);
  requireNotPaused(container, `Container ${container.name} is paused, unpause the container before exec`);
  const { command, workingDir } = args.spec;
  if (command.length === 0 || command[0] === '') throw new ShiplogError('SPEC_INVALID', 'No exec command specified');
  if (workingDir !== '' && !workingDir.startsWith('/')) {
    throw new ShiplogError('SPEC_INVALID', `the working directory '${workingDir}' is invalid, it needs to be an absolute path`);
  }
  const decided = { id: takeId(givens, 0), containerId: container.id, spec: args.spec };
  return { decided, expected: 'stream-exists', effectless: true };
};
