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

export function encodeSection(section: object): Buffer {
  return Buffer.from(JSON.stringify(section));
}

/**
 * A stored snapshot's sections, each a part of it and a JSON text by itself. They are not compressed here: a decompressor of Node is an object
 * that lives, with what it made, until the whole heap is collected. LevelDB compresses them, and in other threads.
 */
export class Sections<Header> {
  readonly header: Header;
  readonly count: number;
  readonly #store: SnapshotStore;
  readonly #kind: string;
  readonly #seq: number;

  constructor(store: SnapshotStore, kind: string, { seq, bytes }: Snapshot) {
    const head = parse(bytes) as Head<Header>;
    this.header = head.header;
    this.count = head.count;
    this.#store = store;
    this.#kind = kind;
    this.#seq = seq;
  }

  /** What some of them hold, parsed anew. Throws {@link SnapshotDamaged}. */
  async read(indexes: readonly number[]): Promise<readonly unknown[]> {
    const parts = await this.#store.parts(this.#kind, this.#seq, indexes);
    if (parts === undefined) throw new SnapshotDamaged(this.#kind, this.#seq);
    return parts.map(parse);
  }
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
}
