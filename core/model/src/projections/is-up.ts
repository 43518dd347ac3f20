import type { ContainerRecord } from '@shiplog/contracts';

/** The container's main process runs or is frozen, and no removal is under way. */
export function isUp(container: ContainerRecord): boolean {
  return container.status === 'running' || container.status === 'paused';
}
