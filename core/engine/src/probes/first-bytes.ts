import type { IoChannel } from '@shiplog/contracts';

/** The beginning of what a process prints, both streams as they come. The rest is read and let go, so that it never waits for a reader. */
export class FirstBytes {
  readonly #most: number;
  readonly #kept: Uint8Array[] = [];
  #bytes = 0;
  #cut = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** Reads to the end. Without a channel there is nothing to read. Never rejects: a channel that breaks has ended. */
  async read(channel: IoChannel | undefined): Promise<void> {
    try {
      for await (const { data } of channel?.output ?? []) this.#add(data);
    } catch {
      // What came before is what there is.
    }
  }

  /** What has come so far, with `...` where it was too much. What is no UTF-8 is U+FFFD. */
  get text(): string {
    return Buffer.concat(this.#kept).toString('utf8') + (this.#cut ? '...' : '');
  }

  #add(data: Uint8Array): void {
    const room = this.#most - this.#bytes;
    if (data.length > room) this.#cut = true;
    if (room <= 0) return;
    // A copy: what is cut off does not stay in memory.
    const kept = Uint8Array.from(data.subarray(0, room));
    this.#kept.push(kept);
    this.#bytes += kept.length;
  }
}
