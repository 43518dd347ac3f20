import type { Snapshot, SnapshotStore } from '@shiplog/contracts';

interface Head<Header> {
  readonly header: Header;
  readonly count: number;
}

/** A snapshot does not have what it says it has. Folding from an earlier one leads to the same state. */
export class SnapshotDamaged extends Error {
  constructor(
    readonly kind: string,
    readonly seq: number,
  ) {
    super(`the snapshot at ${seq} is damaged`);
  }
}

/** A snapshot's own bytes, where its parts are `count` sections. */
export function encodeHead(header: object, count: number): Buffer {
  return Buffer.from(JSON.stringify({ header, count }));
}

/**
 * A stored snapshot's sections, each a part of it. They are not compressed here: a decompressor of Node is an object
 * that lives, with what it made, until the whole heap is collected. LevelDB compresses them, and in other threads.
 */
export class Sections<Header> {
  readonly header: Header;
  readonly #count: number;
  readonly #store: SnapshotStore;
  readonly #kind: string;
  readonly #seq: number;
  /** What was read. */
  readonly #known = new Map<number, Buffer>();

  constructor(store: SnapshotStore, kind: string, { seq, bytes }: Snapshot) {
    const head = JSON.parse(bufferOf(bytes).toString()) as Head<Header>;
    this.header = head.header;
    this.#count = head.count;
    this.#store = store;
    this.#kind = kind;
    this.#seq = seq;
  }

  /** Some of them; those that were read before are not read again. Throws {@link SnapshotDamaged}. */
  async read(indexes: readonly number[]): Promise<readonly Buffer[]> {
    const missing = indexes.filter((index) => !this.#known.has(index));
    const parts = missing.length === 0 ? [] : await this.#store.parts(this.#kind, this.#seq, missing);
    for (const [at, part] of (parts ?? []).entries()) this.#known.set(missing[at] ?? 0, bufferOf(part));
    const found = indexes.map((index) => this.#known.get(index)).filter((section) => section !== undefined);
    if (found.length < indexes.length) throw new SnapshotDamaged(this.#kind, this.#seq);
    return found;
  }

  /** Reads all of them. */
  async readAll(): Promise<void> {
    await this.read(Array.from({ length: this.#count }, (_, index) => index));
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
