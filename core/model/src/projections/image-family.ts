import type { ImageRecord, StateView } from '@shiplog/contracts';
import { imageUsers } from './users.ts';

type Images = Pick<StateView, 'images'>;

/** Images that were built of one, by builds on this engine. */
export function childrenOf({ images }: Images, id: string): readonly ImageRecord[] {
  return [...images.values()].filter(({ parent }) => parent === id);
}

/** What else goes when images go: those they were built of, as far as these have no name, no container and no other child. Nearest first. */
export function ancestorsLeft(view: Pick<StateView, 'images' | 'containers'>, going: readonly ImageRecord[]): readonly ImageRecord[] {
  const gone = new Set<string>(going.map(({ id }) => id));
  const left: ImageRecord[] = [];
  const queue = [...going];
  for (let image = queue.shift(); image !== undefined; image = queue.shift()) {
    const parent = image.parent === undefined ? undefined : view.images.get(image.parent);
    // One that was not built here was brought by somebody.
    if (parent === undefined || gone.has(parent.id) || parent.parent === undefined) continue;
    if (parent.tags.length + parent.repoDigests.length > 0 || imageUsers(view, parent.id).length > 0) continue;
    if (childrenOf(view, parent.id).some(({ id }) => !gone.has(id))) continue;
    gone.add(parent.id);
    left.push(parent);
    queue.push(parent);
  }
  return left;
}
