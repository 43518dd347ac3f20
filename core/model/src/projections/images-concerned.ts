import type { ShiplogEvent } from '@shiplog/contracts';
import type { Pending } from '../state.ts';
import { upcast } from '../upcast.ts';

/** Ids of the images that an event changes, or its operation will: who folds their events alone needs these of a state, and no others. */
export function imagesConcerned(stored: ShiplogEvent): readonly string[] {
  const event = upcast(stored);
  switch (event?.type) {
    case 'image.load.succeeded':
    case 'image.import.succeeded':
    case 'image.commit.succeeded':
    case 'image.pull.succeeded':
      return event.data.images.map(({ manifest }) => manifest.id);
    case 'image.push.requested':
    case 'image.tag.requested':
    case 'image.migrate.requested':
      return event.data.decided === null ? [] : [event.data.decided.id];
    case 'image.remove.requested':
    case 'image.prune.requested':
      return event.data.decided?.removals.map(({ id }) => id) ?? [];
    default:
      return [];
  }
}

/** As {@link imagesConcerned}, of an operation that is under way. */
export function imagesPending(pending: Pending): readonly string[] {
  switch (pending.verb) {
    case 'image.push':
    case 'image.tag':
    case 'image.migrate':
      return [pending.decided.id];
    case 'image.remove':
    case 'image.prune':
      return pending.decided.removals.map(({ id }) => id);
    default:
      return [];
  }
}
