import type { EventLogReader, ObjectKind, ReadOptions, ShiplogEvent } from '@shiplog/contracts';
import { evolve, type State } from '@shiplog/model';
import type { ContainerPart, SharedMap } from './snapshots/snapshot-file.ts';
import type { StoredState } from './snapshots/decode.ts';

const FULL_ID = /^[0-9a-f]{64}$/;
/** What changes containers and is not in their own streams; and what else it changes, that their own events depend on. */
const ABOUT_CONTAINERS = ['container.prune.*', 'network.*'];
const WITH_CONTAINERS: readonly SharedMap[] = ['networks', 'openOperations', 'pending'];
/** A signal that is the image's stop signal means more than others. */
const ABOUT_IMAGES = ['image.*'];
const NEEDS_IMAGES = 'container.kill.succeeded';
/** What gives a container its name, or gives one back. */
const NAMES = ['container.create.requested', 'container.rename.requested', 'container.rename.failed'];

/** A moment after a snapshot. */
export interface Past {
  readonly log: EventLogReader;
  readonly stored: StoredState;
  readonly seq: number;
}

/** Some maps as they were in the snapshot, and what came after it that changes them. */
interface Ground {
  readonly state: State;
  readonly events: readonly ShiplogEvent[];
}

/**
 * A state that knows of one object all there is to know, folded without the rest of the engine; undefined where that takes the whole:
 * for volumes, and for containers by an id prefix, or by a name or id that none has.
 */
export async function stateOfOne(past: Past, kind: ObjectKind, ref: string): Promise<State | undefined> {
  if (kind === 'volume') return undefined;
  if (kind === 'container') return stateOfContainer(past, ref.startsWith('/') ? ref.slice(1) : ref);
  const { state, events } = await groundOf(past, kind === 'image' ? ['images', 'pending'] : ['networks', 'pending'], [`${kind}.*`]);
  for (const event of events) evolve(state, event);
  return state;
}

async function stateOfContainer(past: Past, ref: string): Promise<State | undefined> {
  const [part, ground, own] = await Promise.all([
    past.stored.container(ref),
    containersGround(past),
    FULL_ID.test(ref) ? eventsOf(past, ref) : undefined,
  ]);
  const id = part?.record.id ?? (own && ref);
  if (id !== undefined) {
    const state = await foldContainer(past, ground, id, part, id === ref ? own : undefined);
    if (isNow(state, id, ref)) return state;
  }
  // A name that is held is held by one container. It may be one that took it since.
  let untouched = id === undefined ? ground : undefined;
  for (const [taker, isNew] of await takersOf(past, ref)) {
    const known = isNew ? undefined : await past.stored.container(taker);
    const state = await foldContainer(past, untouched ?? (await containersGround(past)), taker, known);
    if (isNow(state, taker, ref)) return state;
    untouched = undefined;
  }
  return undefined;
}

function isNow(state: State, id: string, ref: string): boolean {
  const record = state.containers.get(id);
  return record !== undefined && (id === ref || record.name === ref);
}

/** `own`: the events of its stream, if they are at hand. Changes the ground. */
async function foldContainer(
  past: Past,
  ground: Ground,
  id: string,
  part: ContainerPart | undefined,
  own?: readonly ShiplogEvent[],
): Promise<State> {
  const { state } = ground;
  const events = [...ground.events, ...(own ?? (await eventsOf(past, id)))];
  if (events.some(({ type }) => type === NEEDS_IMAGES)) {
    const images = await groundOf(past, ['images'], ABOUT_IMAGES);
    for (const [key, image] of images.state.images) state.images.set(key, image);
    events.push(...images.events);
  }
  if (part !== undefined) {
    state.containers.set(id, part.record);
    for (const exec of part.execs) state.execs.set(exec.id, exec);
  }
  for (const event of events.toSorted((a, b) => a.seq - b.seq)) evolve(state, event);
  return state;
}

/** Ids of containers that were given a name after the snapshot, or may have it back, and whether they are newer than it; the last first. */
async function takersOf(past: Past, name: string): Promise<readonly (readonly [id: string, isNew: boolean])[]> {
  const takers = new Map<string, boolean>();
  for (const event of await eventsSince(past, { types: NAMES })) {
    if (event.type === 'container.create.requested' && event.data.decided?.name === name) takers.set(event.data.decided.id, true);
    if (event.type === 'container.rename.requested' && event.data.decided?.name === name) takers.set(event.data.decided.id, false);
    if (event.type === 'container.rename.failed') takers.set(event.stream.slice('container/'.length), false);
  }
  return [...takers].toReversed();
}

function containersGround(past: Past): Promise<Ground> {
  return groundOf(past, WITH_CONTAINERS, ABOUT_CONTAINERS);
}

async function groundOf(past: Past, maps: readonly SharedMap[], types: readonly string[]): Promise<Ground> {
  const [state, events] = await Promise.all([past.stored.shared(maps), eventsSince(past, { types })]);
  return { state, events };
}

function eventsOf(past: Past, id: string): Promise<readonly ShiplogEvent[]> {
  return eventsSince(past, { stream: `container/${id}` });
}

async function eventsSince({ log, stored, seq }: Past, wanted: ReadOptions): Promise<readonly ShiplogEvent[]> {
  const found: ShiplogEvent[] = [];
  for await (const event of log.read({ ...wanted, from: stored.header.seq + 1, to: seq })) found.push(event);
  return found;
}
