import type { Filters } from '../http/filters.ts';
import type { DockerEvent } from './docker-event.ts';

const FUZZY_ACTIONS = new Set(['health_status', 'exec_create', 'exec_start']);
const OBJECT_KEYS = ['container', 'network', 'volume', 'plugin', 'daemon', 'service', 'node', 'secret', 'config'];

/** Whether an event passes. Unknown keys are ignored, as in Docker. */
export function passes(event: DockerEvent, filters: Filters): boolean {
  const name = event.attributes['name'] ?? '';
  return (
    filters.exact('type', event.type) &&
    filters.exact('scope', 'local') &&
    matchesAction(event.action, filters) &&
    filters.labels('label', event.attributes) &&
    // An object's filter looks at id and name, whatever the type of the event is.
    OBJECT_KEYS.every((key) => filters.prefix(key, event.id, name)) &&
    matchesImage(event, filters)
  );
}

/** Commands and states are part of some actions; naming the action alone means all of them. */
function matchesAction(action: string, filters: Filters): boolean {
  const fuzzy = filters.get('event').some((value) => FUZZY_ACTIONS.has(value));
  return fuzzy ? filters.prefix('event', action) : filters.exact('event', action);
}

function matchesImage(event: DockerEvent, filters: Filters): boolean {
  const name = event.attributes[event.type === 'image' ? 'name' : 'image'] ?? '';
  return filters.exact('image', event.id, name, withoutTag(name));
}

function withoutTag(reference: string): string {
  return reference.startsWith('sha256:') ? reference : reference.replace(/@.*$/, '').replace(/:[^:/]+$/, '');
}
