import type { EventLogReader } from '@shiplog/contracts';
import { createState, evolve } from '@shiplog/model';

/** A random moment, and a container, an image and a volume that were there. */
export interface Question {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly volume: string;
}

/** As many in no order, no moment twice. Folded from the first event: nothing that is asked afterwards is known by then. */
export async function questions(log: EventLogReader, count: number): Promise<readonly Question[]> {
  const moments = new Set<number>();
  // The first containers come after the first images.
  while (moments.size < count) moments.add(1000 + random(log.durableSeq - 1000));
  const state = createState();
  const found: Question[] = [];
  for await (const event of log.read()) {
    evolve(state, event);
    if (!moments.has(event.seq)) continue;
    const [one, image, volume] = [anyOf(state.containers), anyOf(state.images), anyOf(state.volumes)];
    if (one !== undefined && image !== undefined && volume !== undefined)
      found.push({ seq: event.seq, id: one.id, name: one.name, image: image.id, volume: volume.name });
  }
  return found
    .map((question) => ({ question, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ question }) => question);
}

function anyOf<T>(map: ReadonlyMap<string, T>): T | undefined {
  return [...map.values()][random(map.size)];
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}
