import { createState, evolve, failed, restoreStored, type State } from '@shiplog/model';
import type { CommandType, LogBoundary, ShiplogEvent, StreamName } from '@shiplog/contracts';

/**
 * What was there when a recording begins: nothing, or what stands for pruned events. What was under way then is taken as ended as it ended, since
 * nobody can ask for it again.
 */
export class Beginning {
  #state = createState();

  /** As far as it is known. */
  get state(): State {
    return this.#state;
  }

  begin({ state }: LogBoundary): void {
    this.#state = restoreStored(state);
  }

  /** Takes the next event in, if it belongs to what was under way at the beginning; says whether it does. */
  add(event: ShiplogEvent): boolean {
    const { openOperations, seq } = this.#state;
    if (openOperations.size === 0 || event.kind === 'intent') return false;
    if (!openOperations.has(event.op) && !(event.type === 'container.exited' && this.isBusy(event.data.id))) return false;
    if (event.kind === 'outcome' || event.kind === 'observed') evolve(this.#state, event);
    this.#state.seq = seq;
    return true;
  }

  /** Whether an operation on a container is under way at the beginning, and not ended yet. */
  isBusy(container: string): boolean {
    const { openOperations, containers } = this.#state;
    return openOperations.has(containers.get(container)?.busy?.op ?? '');
  }

  /** All of it, once the last event is in. What did not end in the recording came to nothing. */
  end(last: ShiplogEvent | undefined): State {
    const { seq } = this.#state;
    for (const { op, verb, stream } of this.#state.openOperations.values()) {
      if (last === undefined) break;
      const outcome = failed(verb as CommandType, stream as StreamName, { status: 'failed', ms: 0 });
      evolve(this.#state, { ...last, ...outcome, op, sv: 1 } as ShiplogEvent);
    }
    this.#state.seq = seq;
    return this.#state;
  }
}
