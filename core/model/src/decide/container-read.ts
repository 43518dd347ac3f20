import { type ContainerRecord, ShiplogError } from '@shiplog/contracts';
import { requireIdle } from './require.ts';
import type { Decider } from './verdict.ts';

export const decideContainerStat: Decider<'container.stat'> = (view, { args }) => ({
  decided: { ...read(view.container(args.container)), path: pathOf(args.path) },
  expected: 'stream-exists',
});

export const decideContainerArchive: Decider<'container.archive'> = (view, { args }) => ({
  decided: { ...read(view.container(args.container)), path: pathOf(args.path) },
  expected: 'stream-exists',
});

export const decideContainerExport: Decider<'container.export'> = (view, { args }) => ({
  decided: read(view.container(args.container)),
  expected: 'stream-exists',
});

/** One that runs shows its files already; another must keep still, so that nothing is mounted or removed under who reads. */
function read(container: ContainerRecord): { readonly id: string; readonly mounts: boolean } {
  const mounts = container.process === undefined;
  if (mounts) requireIdle(container);
  return { id: container.id, mounts };
}

function pathOf(path: string): string {
  if (path !== '' && !path.includes('\0')) return path;
  throw new ShiplogError('REQUEST_INVALID', 'a path in the container is required, without a zero byte', { path });
}
