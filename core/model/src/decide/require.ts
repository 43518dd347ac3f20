import { type ContainerRecord, ShiplogError } from '@shiplog/contracts';
import { isUp } from '../projections/is-up.ts';

/**
 * Refuses CONTAINER_BUSY while another operation has the container for itself. The engine may wait until `busy` is gone
 * from the record and decide again.
 */
export function requireIdle(container: ContainerRecord): void {
  const { busy, id, name } = container;
  if (busy === undefined) return;
  const message =
    container.status === 'removing'
      ? `removal of container ${name} is already in progress`
      : `container ${name} is busy: ${busy.verb} is under way, try again when it is done`;
  throw new ShiplogError('CONTAINER_BUSY', message, { id, verb: busy.verb, op: busy.op });
}

/** Refuses CONTAINER_NOT_RUNNING unless the main process runs or is paused. `doing` goes before the message. */
export function requireUp(container: ContainerRecord, doing = ''): void {
  if (isUp(container)) return;
  throw new ShiplogError('CONTAINER_NOT_RUNNING', `${doing}container ${container.id} is not running`, {
    id: container.id,
    status: container.status,
  });
}

/** Refuses CONTAINER_PAUSED for what a frozen container cannot do. */
export function requireNotPaused(container: ContainerRecord, message: string): void {
  if (container.status === 'paused') throw new ShiplogError('CONTAINER_PAUSED', message, { id: container.id });
}
