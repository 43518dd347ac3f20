import type { EventOf, EventType } from '@shiplog/contracts';
import type { Pending, State } from '../state.ts';

const REQUESTED = '.requested';
const CONTAINER = 'container/';

/** An intent opens an operation; what it decided is kept until its outcome. A second intent of the same operation changes nothing. */
export function openOperation(state: State, event: EventOf<EventType>): void {
  if (!event.type.endsWith(REQUESTED) || state.openOperations.has(event.op)) return;
  const verb = event.type.slice(0, -REQUESTED.length);
  state.openOperations.set(event.op, { op: event.op, seq: event.seq, verb, stream: event.stream, inst: event.inst });
  const { decided } = event.data as { readonly decided?: object | null };
  if (decided !== null && decided !== undefined) state.pending.set(event.op, { verb, decided, held: {} } as Pending);
}

/** An outcome closes it, and the containers it kept busy are free again. */
export function closeOperation(state: State, event: EventOf<EventType>): void {
  for (const id of touched(state, event)) {
    const container = state.containers.get(id);
    if (container?.busy?.op !== event.op) continue;
    const { busy: _, ...idle } = container;
    state.containers.set(id, idle);
  }
  state.openOperations.delete(event.op);
  state.pending.delete(event.op);
}

/** What an operation in no object's own stream takes away is nobody's to use meanwhile. */
export function removing(state: State, op: string, kind: 'network' | 'volume', names: readonly string[]): void {
  const open = state.openOperations.get(op);
  if (open !== undefined) state.openOperations.set(op, { ...open, removes: names.map((name) => `${kind}/${name}`) });
}

/** The container whose stream it is; a prune has several. */
function touched(state: State, event: EventOf<EventType>): Iterable<string> {
  if (event.stream.startsWith(CONTAINER)) return [event.stream.slice(CONTAINER.length)];
  return Object.keys(state.pending.get(event.op)?.held.statuses ?? {});
}
