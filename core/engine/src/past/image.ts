import type { ShiplogEvent } from '@shiplog/contracts';
import { evolve, imageName, imagesConcerned, imagesPending, type Pending, type State } from '@shiplog/model';
import { eventsSince, type Past } from './past.ts';

const ABOUT_IMAGES = { types: ['image.*'] };
const ID = 'sha256:';
const HEX = /^[0-9a-f]{1,64}$/;
const FULL = 64;

/** Images as they were in the snapshot, and what came after it that changes them. */
export interface ImagesGround {
  readonly state: State;
  readonly events: readonly ShiplogEvent[];
}

/** The images that `ref` may mean, and those that something happened to since the snapshot: one may have taken another's name. */
export async function stateOfImage(past: Past, ref: string): Promise<State> {
  const { state, events } = await imagesGround(past, () => idsOf(past, ref));
  for (const event of events) evolve(state, event);
  return state;
}

/** Some images, with all that have to do with them. */
export async function imagesGround(past: Past, ids: () => Promise<readonly string[]>): Promise<ImagesGround> {
  const [state, events] = await Promise.all([
    past.stored.some(['pending']),
    eventsSince(past, ABOUT_IMAGES),
    past.stored.prepare(['images']),
  ]);
  const images = await past.stored.table('images');
  const pending = [...state.pending.values()];
  const touched = [...events.flatMap(imagesConcerned), ...pending.flatMap(imagesPending)];
  // Names that an operation took away come back, if it fails, unless somebody has them by then.
  const holders = await Promise.all(pending.flatMap(namesHeld).map((name) => images.keysNamed(name)));
  const rows = await images.rowsWith([...new Set([...(await ids()), ...touched, ...holders.flat()])]);
  for (const [id, image] of rows) state.images.set(id, image);
  return { state, events };
}

function namesHeld({ held }: Pending): readonly string[] {
  return (held.images ?? []).flatMap(({ tags }) => tags);
}

async function idsOf(past: Past, ref: string): Promise<readonly string[]> {
  const hex = ref.startsWith(ID) ? ref.slice(ID.length) : ref;
  if (HEX.test(hex) && hex.length === FULL) return [ID + hex];
  const images = await past.stored.table('images');
  const name = imageName(ref);
  const named = name === undefined ? [] : await images.keysNamed(name);
  return [...named, ...(HEX.test(hex) ? await images.keysBeginning(ID + hex) : [])];
}
