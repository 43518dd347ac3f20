import type { StateView, StreamName } from '@shiplog/contracts';

const REMOVING: ReadonlySet<string> = new Set(['network.remove', 'volume.remove']);

/** Whether an operation under way takes a network or volume away, by its stream: nobody may come to use it meanwhile. */
export function isBeingRemoved(view: StateView, subject: StreamName): boolean {
  for (const { verb, stream, removes } of view.openOperations.values())
    if ((stream === subject && REMOVING.has(verb)) || removes?.includes(subject) === true) return true;
  return false;
}
