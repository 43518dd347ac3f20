import type { ShiplogEvent } from '@shiplog/contracts';

/** An admitted event: its place and its canonical text. */
export interface Entry {
  readonly seq: number;
  readonly text: string;
}

const MAX_EVENTS = 2048;
const MAX_CHARACTERS = 2 * 1024 * 1024;

/**
 * The newest durable events, for followers that keep pace: bounded, whoever is slower reads from disk. An event is
 * parsed from its stored text once, when the first follower asks, so that followers see what the disk holds and share it.
 */
export class Recent {
  #entries: { readonly text: string; event?: ShiplogEvent }[] = [];
  #first = 0;
  #characters = 0;

  add(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    if (this.#entries.length === 0) this.#first = first.seq;
    for (const { text } of entries) {
      this.#entries.push({ text });
      this.#characters += text.length;
    }
    this.#trim();
  }

  /** Up to `limit` events from a position on; none if they are no longer, or not yet, here. */
  from(seq: number, limit: number): readonly ShiplogEvent[] {
    if (seq < this.#first) return [];
    const at = seq - this.#first;
    return this.#entries.slice(at, at + limit).map((entry) => (entry.event ??= JSON.parse(entry.text) as ShiplogEvent));
  }

  #trim(): void {
    let drop = 0;
    while (this.#entries.length - drop > MAX_EVENTS || (this.#characters > MAX_CHARACTERS && drop < this.#entries.length)) {
      this.#characters -= this.#entries[drop]?.text.length ?? 0;
      drop++;
    }
    if (drop === 0) return;
    this.#entries.splice(0, drop);
    this.#first += drop;
  }
}
