import { PAGE_KIND } from './index-page.ts';
import type { SnapshotDatabase } from '../snapshots/snapshot-database.ts';
import type { CompletePage } from '../append/tail.ts';

/** Keeps pages of the indexes, one after the other, while nobody waits. What cannot be kept costs the next opening time, and nothing else. */
export class Pages {
  readonly #store: SnapshotDatabase;
  #last: Promise<void>;
  #failed = false;

  /** Pages after position `last` are removed first: they do not follow on those before. */
  constructor(store: SnapshotDatabase, last: number) {
    this.#store = store;
    this.#last = this.#try(() => this.#removeAfter(last));
  }

  /** Their events must be durable. */
  keep(pages: readonly CompletePage[]): void {
    for (const page of pages) this.#last = this.#last.then(() => this.#try(() => this.#store.put(PAGE_KIND, page)));
  }

  /** Resolves when there is nothing more to keep. */
  kept(): Promise<void> {
    return this.#last;
  }

  async #removeAfter(last: number): Promise<void> {
    const after = (await this.#store.positions(PAGE_KIND)).filter((seq) => seq > last);
    if (after.length > 0) await this.#store.remove(PAGE_KIND, after);
  }

  async #try(work: () => Promise<void>): Promise<void> {
    if (this.#failed) return;
    try {
      await work();
    } catch {
      // A full disk: the log itself says so to who appends. A page after a missing one would be of no use.
      this.#failed = true;
    }
  }
}
