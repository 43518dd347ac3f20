import type { ShiplogEvent } from '@shiplog/contracts';

/**
 * Milliseconds from a log's first event to each later one: by the monotonic clock within a boot, by the wall clock from one boot
 * to the next. Never goes back.
 */
export class Timeline {
  #boot: string | undefined;
  /** Where this boot's monotonic clock stood, and what that moment was. */
  #mono = 0n;
  #base = 0;
  #last = 0;
  #t = 0n;

  /** Takes the next event, in order of position. */
  at(event: ShiplogEvent): number {
    const mono = BigInt(event.mono);
    const t = BigInt(event.t);
    if (this.#boot !== event.boot) {
      this.#base = this.#boot === undefined ? 0 : this.#last + Math.max(0, Number(t - this.#t) / 1e6);
      this.#boot = event.boot;
      this.#mono = mono;
    }
    this.#t = t;
    this.#last = Math.max(this.#last, this.#base + Number(mono - this.#mono) / 1e6);
    return this.#last;
  }
}
