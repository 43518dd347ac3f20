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
  readonly #store: SnapshotStore;
  readonly #kind: string;
  readonly #seq: number;
  /** What was read. */
  readonly #known: Buffer[] = [];

  constructor(store: SnapshotStore, kind: string, { seq, bytes }: Snapshot) {
    this.header = (JSON.parse(bufferOf(bytes).toString()) as Head<Header>).header;
    this.#store = store;
    this.#kind = kind;
    this.#seq = seq;
  }

  /** Some of them; those that were read before are not read again. Throws {@link SnapshotDamaged}. */
  async read(indexes: readonly number[]): Promise<readonly Buffer[]> {
    const missing = indexes.filter((index) => this.#known[index] === undefined);
    const sections = await this.readOnce(missing);
    for (let at = 0; at < missing.length; at += 1) this.#known[missing[at] as number] = sections[at] as Buffer;
    return indexes.map((index) => this.#known[index] as Buffer);
  }

  /** One of them, where it was read before. */
  known(index: number): Buffer | undefined {
    return this.#known[index];
  }

  /** As {@link read}, without remembering any: for what is read once. */
  async readOnce(indexes: readonly number[]): Promise<readonly Buffer[]> {
    if (indexes.length === 0) return [];
    const parts = await this.#store.parts(this.#kind, this.#seq, indexes);
    if (parts?.length !== indexes.length) throw new SnapshotDamaged(this.#kind, this.#seq);
    return parts.map(bufferOf);
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
