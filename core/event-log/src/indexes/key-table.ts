import { randomInt } from 'node:crypto';
import { GrowingArray } from './growing-array.ts';

/** The event that brought an idempotency key first, and the operation it belongs to. */
export interface KeyOwner {
  readonly seq: number;
  readonly op: string;
}

/** Keys in the order they came, and of each the operation and the position. */
export interface KeyColumns {
  readonly keys: readonly string[];
  readonly ops: readonly string[];
  readonly seqs: Uint32Array;
}

/** Places for each key, at least: with fewer, looking takes more steps. */
const ROOM = 2;
const FIRST_PLACES = 1024;

/**
 * Idempotency keys in the order they came, for the life of the log. Nearly every key that is looked up is new. A Map finds that out by
 * reading some other keys, wherever they lie in memory, and holds no more than 2^24; here, numbers beside each other tell.
 */
export class KeyTable {
  readonly #keys: string[] = [];
  readonly #ops: string[] = [];
  readonly #seqs = new GrowingArray(Uint32Array);
  /** Two numbers a place: the key's hash, and one more than its index; 0 for none. Open addressing, linear probing. */
  #places = new Uint32Array(FIRST_PLACES * 2);
  #mask = FIRST_PLACES - 1;
  /** Clients choose keys: who does not know the seed cannot choose those that meet in one place. */
  readonly #seed = randomInt(2 ** 32);

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): KeyOwner | undefined {
    const at = this.#find(key, this.#hash(key));
    return at < 0 ? undefined : { seq: this.#seqs.at(at), op: this.#ops[at] as string };
  }

  has(key: string): boolean {
    return this.#find(key, this.#hash(key)) >= 0;
  }

  /** The keys that came after `from` others. */
  since(from: number): KeyColumns {
    return { keys: this.#keys.slice(from), ops: this.#ops.slice(from), seqs: this.#seqs.values.slice(from) };
  }

  /** Adds a key, unless it is there: it belongs to who brought it first. */
  add(key: string, seq: number, op: string): void {
    const hash = this.#hash(key);
    if (this.#find(key, hash) >= 0) return;
    if ((this.size + 1) * ROOM > this.#mask + 1) this.#grow();
    this.#keys.push(key);
    this.#ops.push(op);
    this.#seqs.push(seq);
    this.#put(hash, this.size);
  }

  #find(key: string, hash: number): number {
    const places = this.#places;
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const index = (places[at * 2 + 1] as number) - 1;
      if (index < 0) return -1;
      if (places[at * 2] === hash && this.#keys[index] === key) return index;
    }
  }

  #put(hash: number, index: number): void {
    let at = hash & this.#mask;
    while (this.#places[at * 2 + 1] !== 0) at = (at + 1) & this.#mask;
    this.#places[at * 2] = hash;
    this.#places[at * 2 + 1] = index;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Uint32Array(before.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let at = 0; at < before.length; at += 2) {
      const index = before[at + 1] as number;
      if (index !== 0) this.#put(before[at] as number, index);
    }
  }

  #hash(key: string): number {
    let hash = this.#seed ^ key.length;
    for (let at = 0; at < key.length; at++) {
      hash = Math.imul(hash ^ key.charCodeAt(at), 0x9e37_79b1);
      hash ^= hash >>> 15;
    }
    return Math.imul(hash, 0x85eb_ca77) >>> 0;
  }
}
