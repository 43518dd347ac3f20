import { type Hold, ShiplogError } from '@shiplog/contracts';
import { pruned } from '../check/corrupt.ts';
import type { Follower } from './follow.ts';

/** A hold on events that is counted among those who follow until it is released. */
export class ReaderHold implements Hold, Follower {
  readonly #holders: Set<Follower>;
  #next: number;

  constructor(holders: Set<Follower>, next: number) {
    this.#holders = holders;
    this.#next = next;
    holders.add(this);
  }

  get next(): number {
    return this.#next;
  }

  advance(next: number): void {
    if (next < this.#next) throw pruned(next, this.#next);
    this.#next = next;
  }

  [Symbol.dispose](): void {
    this.#holders.delete(this);
  }
}

/** Throws LOG_PRUNE_BLOCKED where somebody needs an event before `first`. */
export function refuseHeld(first: number, followed: number | undefined): void {
  if (followed === undefined || followed >= first) return;
  const message = `somebody who reads or follows the log has not been given event ${followed} yet: nothing was pruned`;
  throw new ShiplogError('LOG_PRUNE_BLOCKED', message, { seq: followed, by: 'follower' });
}
