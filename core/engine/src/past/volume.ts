import type { ShiplogEvent } from '@shiplog/contracts';
import { evolve, type State } from '@shiplog/model';
import { eventsSince, inOrder, type Past } from './past.ts';

const CREATE_FAILED = 'container.create.failed';
/** Containers bring volumes along, and may take them away again. */
const WITH_CONTAINERS = ['container.create.requested', CREATE_FAILED, 'container.remove.requested', 'container.remove.succeeded'];
/** What a volume with a name can go with, beside its own removal: the container that brought it along, if that was not made in the end. */
const WITH_ITS_MAKER = [CREATE_FAILED];
const REMOVED = 'volume.remove.succeeded';
const PRUNES = ['volume.prune.requested', 'volume.prune.succeeded'];
const FORGETTING = ['volume.create.failed', CREATE_FAILED, 'container.remove.succeeded'];

/** Undefined if the volume may have gone with a container: whether another mounts it, only the whole state tells. */
export async function stateOfVolume(past: Past, name: string): Promise<State | undefined> {
  const [state, own] = await Promise.all([
    past.stored.some(['pending']),
    eventsSince(past, { stream: `volume/${name}` }),
    past.stored.prepare(['volumes']),
  ]);
  const known = (await (await past.stored.table('volumes')).rowsWith([name])).get(name);
  if (known !== undefined) state.volumes.set(name, known);
  const prunes = await eventsSince(past, { types: PRUNES });
  const wasRemoved = own.some(({ type }) => type === REMOVED) || prunes.some((event) => hasPruned(event, name));
  const others = await eventsSince(past, { types: known?.anonymous === false && !wasRemoved ? WITH_ITS_MAKER : WITH_CONTAINERS });
  for (const event of inOrder(own, prunes, others)) {
    if (FORGETTING.includes(event.type) && wouldForget(state, event, name)) return undefined;
    evolve(state, event);
  }
  return state;
}

function hasPruned(event: ShiplogEvent, name: string): boolean {
  return event.type === 'volume.prune.succeeded' && event.data.removed.includes(name);
}

function wouldForget(state: State, { op }: ShiplogEvent, name: string): boolean {
  const pending = state.pending.get(op);
  if (pending === undefined) return false;
  return pending.held.volumes?.includes(name) === true || (pending.verb === 'container.remove' && pending.decided.volumes.includes(name));
}
