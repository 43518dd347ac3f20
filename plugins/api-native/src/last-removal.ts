import type { Engine, ShiplogEvent } from '@shiplog/contracts';
import type { InspectKind } from './inspect-kinds.ts';

/** The event after which an object was no more. `id` finds it in the state after the event at `last`. */
export interface Removal {
  readonly kind: InspectKind;
  readonly id: string;
  readonly seq: number;
  readonly last: number;
  /** Nanoseconds since the epoch, decimal. */
  readonly time: string;
}

/** What names objects, and what removes them. */
const HEEDED = [
  'container.create.*',
  'container.rename.*',
  'container.remove.*',
  'container.prune.*',
  'network.*',
  'volume.remove.*',
  'volume.prune.*',
  'image.remove.*',
  'image.prune.*',
];

/**
 * The last removal, up to position `to`, of an object that answered to `ref` (name, id or id prefix) when it was removed.
 *
 * Reads what concerns names and removals once, from the start, and keeps only what concerns `ref`: nothing in the state remembers removed objects,
 * that is what makes the state small. Of a log that was pruned, names of before are those of the state where it begins.
 */
export async function lastRemoval(engine: Engine, kinds: readonly InspectKind[], ref: string, to: number): Promise<Removal | undefined> {
  const watch = new RemovalWatch(ref);
  const { log } = engine;
  if (log.firstSeq > 0) {
    const { containers, networks } = await engine.view({ seq: log.firstSeq - 1 });
    for (const { id, name } of containers.values()) watch.called(name, id, 'container');
    for (const { id, name } of networks.values()) watch.called(name, id, 'network');
  }
  let last: Removal | undefined;
  for await (const event of log.read({ to, types: HEEDED })) {
    for (const removal of watch.feed(event)) if (kinds.includes(removal.kind)) last = removal;
  }
  return last;
}

/** Follows who is called `ref`, and tells when they go. */
class RemovalWatch {
  readonly #ref: string;
  /** Containers and networks that answer to the name now, by id. An id prefix needs no memory. */
  readonly #named = new Map<string, 'container' | 'network'>();
  /** What an operation under way will do once it succeeds. */
  readonly #pending = new Map<string, (event: ShiplogEvent) => readonly Removal[]>();

  constructor(ref: string) {
    this.#ref = ref;
  }

  /** A container or network had a name before the first event. */
  called(name: string, id: string, kind: 'container' | 'network'): void {
    if (name === this.#ref) this.#named.set(id, kind);
  }

  feed(event: ShiplogEvent): readonly Removal[] {
    if (event.type.endsWith('.requested')) {
      const then = this.#onRequest(event);
      if (then !== undefined) this.#pending.set(event.op, then);
      return [];
    }
    if (event.kind !== 'outcome') return [];
    const then = this.#pending.get(event.op);
    this.#pending.delete(event.op);
    return then !== undefined && event.type.endsWith('.succeeded') ? then(event) : [];
  }

  #onRequest(event: ShiplogEvent): ((event: ShiplogEvent) => readonly Removal[]) | undefined {
    switch (event.type) {
      case 'container.create.requested':
      case 'network.create.requested': {
        const decided = event.data.decided;
        if (decided === null || decided.name !== this.#ref) return undefined;
        const kind = event.type === 'container.create.requested' ? 'container' : 'network';
        return () => this.#name(decided.id, kind);
      }
      case 'container.rename.requested': {
        const decided = event.data.decided;
        if (decided === null) return undefined;
        if (decided.name === this.#ref) return () => this.#name(decided.id, 'container');
        return this.#named.has(decided.id) ? () => this.#forget(decided.id) : undefined;
      }
      case 'container.remove.requested': {
        const id = event.data.decided?.id;
        return id !== undefined && this.#answers(id) ? (outcome) => this.#removed('container', [id], outcome) : undefined;
      }
      case 'container.prune.requested':
        return (outcome) =>
          outcome.type === 'container.prune.succeeded'
            ? this.#removed('container', outcome.data.removed.filter(this.#answers), outcome)
            : [];
      case 'network.remove.requested': {
        const id = event.data.decided?.id;
        return id !== undefined && this.#answers(id) ? (outcome) => this.#removed('network', [id], outcome) : undefined;
      }
      case 'volume.remove.requested': {
        const name = event.data.decided?.name;
        return name !== undefined && name === this.#ref ? (outcome) => this.#removed('volume', [name], outcome) : undefined;
      }
      case 'network.prune.requested':
        return (outcome) =>
          outcome.type === 'network.prune.succeeded' ? this.#removed('network', outcome.data.removed.filter(this.#answers), outcome) : [];
      case 'volume.prune.requested':
        return (outcome) =>
          outcome.type === 'volume.prune.succeeded'
            ? this.#removed(
                'volume',
                outcome.data.removed.filter((name) => name === this.#ref),
                outcome,
              )
            : [];
      case 'image.remove.requested':
      case 'image.prune.requested': {
        const gone = (event.data.decided?.removals ?? []).filter((r) => r.remove && (this.#isPrefix(r.id) || this.#isTag(r.untag)));
        const ids = gone.map((removal) => removal.id);
        // Images are gone from the state when their removal was decided.
        return ids.length > 0 ? (outcome) => this.#removed('image', ids, outcome, event.seq - 1) : undefined;
      }
      default:
        return undefined;
    }
  }

  #name(id: string, kind: 'container' | 'network'): readonly Removal[] {
    this.#named.set(id, kind);
    return [];
  }

  #forget(id: string): readonly Removal[] {
    this.#named.delete(id);
    return [];
  }

  #removed(kind: InspectKind, ids: readonly string[], event: ShiplogEvent, last = event.seq - 1): readonly Removal[] {
    for (const id of ids) this.#named.delete(id);
    return ids.map((id) => ({ kind, id, seq: event.seq, last, time: event.t }));
  }

  readonly #answers = (id: string): boolean => this.#named.has(id) || this.#isPrefix(id);

  /** An image's id may be given with or without its algorithm. */
  #isPrefix(id: string): boolean {
    const hex = this.#ref.replace(/^sha256:/, '');
    return /^[0-9a-f]+$/.test(hex) && id.replace(/^sha256:/, '').startsWith(hex);
  }

  #isTag(tags: readonly string[]): boolean {
    return tags.includes(this.#ref) || tags.includes(`${this.#ref}:latest`);
  }
}
