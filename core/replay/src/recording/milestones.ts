import type { Actor, ShiplogEvent } from '@shiplog/contracts';

/** What nothing in a replay leads to: it comes from outside. */
const FROM_OUTSIDE: ReadonlySet<string> = new Set(['teardown', 'retention', 'health', 'image.build', 'beginning']);

/** Whether the engine does this by itself when what led to it happens again. */
export function isReaction(actor: Actor): boolean {
  return actor.scheme === 'system' && !FROM_OUTSIDE.has(actor.reason);
}

/**
 * Names for what happens in a log that are the same in a replay of it: a command from outside keeps its operation; what the
 * engine does by itself and was not refused, and exits, are counted by what they are about.
 */
export class Milestones {
  readonly #keys = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** Takes the next event. Answers the milestone that is reached with it: an operation has ended, or a process has. */
  add(event: ShiplogEvent): string | undefined {
    if (event.kind === 'intent') {
      const verb = event.type.replace(/\.requested$/, '');
      if (!isReaction(event.actor)) this.#keys.set(event.op, `op ${event.op}`);
      // One that is refused did nothing: somebody else came first, which may be otherwise next time.
      else if ((event.data as { readonly decided?: unknown }).decided !== null)
        this.#keys.set(event.op, this.#count(`${verb} ${event.stream}`));
      return undefined;
    }
    if (event.kind === 'outcome') return this.#keys.get(event.op);
    return event.type === 'container.exited' ? this.#count(`exit ${event.stream}`) : undefined;
  }

  /** An operation's name, from its intent on. */
  of(op: string): string | undefined {
    return this.#keys.get(op);
  }

  #count(what: string): string {
    const number = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, number);
    return `${what} #${number}`;
  }
}
