import type { ContainerRecord } from '@shiplog/contracts';
import { humanDuration } from './human-duration.ts';

/** The status column of `docker ps`. `now` in nanoseconds since the epoch. */
export function statusText(container: ContainerRecord, now: bigint): string {
  switch (container.status) {
    case 'running':
      return `Up ${since(container.startedAt, now)}${healthText(container)}`;
    case 'paused':
      return `Up ${since(container.startedAt, now)} (Paused)`;
    case 'restarting':
      return `Restarting (${container.exitCode}) ${since(container.finishedAt, now)} ago`;
    case 'exited':
      return `Exited (${container.exitCode}) ${since(container.finishedAt, now)} ago`;
    case 'created':
      return 'Created';
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
  }
}

function healthText({ health }: ContainerRecord): string {
  if (health === undefined) return '';
  return health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`;
}

/** Whether Docker calls it running: paused and restarting containers are, too. */
export function isUp(container: Pick<ContainerRecord, 'status'>): boolean {
  return container.status === 'running' || container.status === 'paused' || container.status === 'restarting';
}

function since(moment: string, now: bigint): string {
  return humanDuration(moment === '' ? 0 : Number(now - BigInt(moment)) / 1e9);
}
