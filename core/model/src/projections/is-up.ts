import type { ContainerRecord } from '@shiplog/contracts';

/** The container's main process runs or is frozen, and no removal is under way. */
export function isUp(container: ContainerRecord): boolean {
  return container.status === 'running' || container.status === 'paused';
}

/** Its main process has ended, whether or not it is to be started again, and no removal is under way. */
export function hasEnded(container: ContainerRecord): boolean {
  return container.status === 'exited' || container.status === 'restarting';
}
