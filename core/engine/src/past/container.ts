import type { ShiplogEvent } from '@shiplog/contracts';
import { evolve, FOLDED_TYPES, type State } from '@shiplog/model';
import { putRows } from '../snapshots/tables.ts';
import { imagesGround } from './image.ts';
import { eventsSince, inOrder, type Past } from './past.ts';

const STREAM = 'container/';
/** What changes containers and is not in their own streams; and what else it changes, that their own events depend on. */
const ABOUT_CONTAINERS = { types: ['container.prune.*', 'network.create.*', 'network.remove.*', 'network.prune.*'] };
const WITH_CONTAINERS = ['networks'] as const;
/** A signal that is the image's stop signal means more than others. */
const NEEDS_IMAGES = 'container.kill.succeeded';
/** What gives a container its name, and has a tag that says so; and what gives one back. */
const NAMED = { types: ['container.create.requested', 'container.rename.requested'] };
const NAMED_BACK = { types: ['container.rename.failed'] };
const HEX = /^[0-9a-f]{1,64}$/;
const FULL_ID = /^[0-9a-f]{64}$/;

/** The containers that `ref` may mean: by id, by name, by the beginning of an id, in this order. */
export async function stateOfContainer(past: Past, ref: string): Promise<State> {
  const name = ref.startsWith('/') ? ref.slice(1) : ref;
  await past.stored.prepare(['containers', 'pending', ...WITH_CONTAINERS]);
  // Who has an id or a name is the only one; it is no use to look further.
  for (const find of [holders, lastTaker]) {
    const ids = await find(past, name);
    const state = ids.length === 0 ? undefined : await foldContainers(past, ids);
    if (state !== undefined && ids.some((id) => isNow(state, id, name))) return state;
  }
  const others = await Promise.all([holders(past, name), takers(past, name), idsBeginning(past, name)]);
  return foldContainers(past, [...new Set(others.flat())]);
}

function isNow(state: State, id: string, ref: string): boolean {
  const record = state.containers.get(id);
  return record !== undefined && (id === ref || record.name === ref);
}

async function foldContainers(past: Past, ids: readonly string[]): Promise<State> {
  const [state, rows, about, ...own] = await Promise.all([
    past.stored.some(WITH_CONTAINERS),
    past.stored.table('containers').then((table) => table.rowsWith(ids)),
    eventsSince(past, ABOUT_CONTAINERS),
    ...ids.map((id) => eventsSince(past, { stream: `${STREAM}${id}`, types: FOLDED_TYPES })),
  ]);
  putRows(state, 'containers', rows);
  const images = own.some((events) => events.some(({ type }) => type === NEEDS_IMAGES))
    ? await imagesOfContainers(past, state, own.flat())
    : [];
  const events = inOrder(about, images, ...own);
  // Of operations that were under way, those count whose events come, or that keep one of the containers busy.
  const busy = [...state.containers.values()].flatMap((container) => container.busy?.op ?? []);
  const pending = await past.stored.table('pending');
  putRows(state, 'pending', await pending.rowsWith([...new Set([...busy, ...events.map(({ op }) => op)])]));
  for (const event of events) evolve(state, event);
  return state;
}

/** Puts the images that containers are made from into the state, and answers with what happened to images since. */
async function imagesOfContainers(past: Past, state: State, own: readonly ShiplogEvent[]): Promise<readonly ShiplogEvent[]> {
  const before = [...state.containers.values()].map(({ imageId }) => imageId);
  const since = own.flatMap((event) => (event.type === 'container.create.requested' ? (event.data.decided?.imageId ?? []) : []));
  const images = await imagesGround(past, async () => [...before, ...since]);
  for (const [id, image] of images.state.images) state.images.set(id, image);
  return images.events;
}

/** Who had a name in the snapshot; and who has it for an id, which may be newer. */
async function holders(past: Past, name: string): Promise<readonly string[]> {
  const known = await (await past.stored.table('containers')).keysNamed(name);
  return FULL_ID.test(name) ? [name, ...known] : known;
}

/** Who was given a name last, if that was after the snapshot, and nobody was after the moment. */
async function lastTaker(past: Past, name: string): Promise<readonly string[]> {
  const last = past.log.lastTagged(tagOf(name));
  return last > past.stored.header.seq && last <= past.seq ? idsOf(await eventsSince({ ...past, seq: last }, { from: last })) : [];
}

/** Containers that were given a name after the snapshot, or may have it back. */
async function takers(past: Past, name: string): Promise<readonly string[]> {
  const events = await Promise.all([eventsSince(past, { ...NAMED, tag: tagOf(name) }), eventsSince(past, NAMED_BACK)]);
  return idsOf(events.flat());
}

function tagOf(name: string): string {
  return `name:${name}`;
}

function idsOf(events: readonly ShiplogEvent[]): readonly string[] {
  return events.map(({ stream }) => stream.slice(STREAM.length));
}

/** Containers whose id begins so, old and new. */
async function idsBeginning({ log, stored, seq }: Past, prefix: string): Promise<readonly string[]> {
  if (!HEX.test(prefix)) return [];
  const old = await (await stored.table('containers')).keysBeginning(prefix);
  const since = log.streamsBegun(stored.header.seq + 1, seq).filter((stream) => stream.startsWith(STREAM + prefix));
  return [...old, ...since.map((stream) => stream.slice(STREAM.length))];
}
