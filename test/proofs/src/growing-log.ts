import type { MerkleTree } from '@shiplog/contracts';
import { entryHash, Frontier, hashBytes, type Hash, nodeHash, TILE_WIDTH } from '@shiplog/tlog';

/** A log in memory, as the API for others sees the engine's. */
export class GrowingLog {
  readonly events: Buffer[] = [];
  readonly #rows: Hash[][] = [[]];

  append(...events: readonly Buffer[]): void {
    for (const event of events) {
      this.events.push(event);
      let hash = entryHash(event);
      for (let level = 0; ; level++) {
        const row = (this.#rows[level] ??= []);
        row.push(hash);
        if (row.length % TILE_WIDTH !== 0) break;
        let above = row.slice(-TILE_WIDTH);
        while (above.length > 1) above = above.flatMap((left, at) => (at % 2 === 0 ? [nodeHash(left, above[at + 1] ?? '')] : []));
        hash = above[0] ?? '';
      }
    }
  }

  get tree(): MerkleTree {
    const rows = this.#rows;
    return {
      size: this.events.length,
      async root(size = rows[0]?.length ?? 0) {
        const frontier = new Frontier();
        frontier.appendAll((rows[0] ?? []).slice(0, size));
        return hashBytes(frontier.root());
      },
      tile: async (level, index) => hashBytes(...(rows[level] ?? []).slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH)),
    };
  }

  async *readBytes({ from, to }: { readonly from: number; readonly to: number }): AsyncIterable<Uint8Array> {
    yield* this.events.slice(from, to + 1);
  }
}
