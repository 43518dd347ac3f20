type Numbers = Uint16Array | Uint32Array | Float64Array;

/** A typed array that grows at its end: a few bytes a number instead of an object's eight and more. */
export class GrowingArray<T extends Numbers> {
  readonly #make: new (length: number) => T;
  #room: T;
  #length = 0;

  constructor(make: new (length: number) => T) {
    this.#make = make;
    this.#room = new make(64);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#room.length) this.#reserve(this.#length + 1);
    this.#room[this.#length++] = value;
  }

  pushAll(values: ArrayLike<number>): void {
    if (this.#length + values.length > this.#room.length) this.#reserve(this.#length + values.length);
    this.#room.set(values, this.#length);
    this.#length += values.length;
  }

  /** Replaces a number that is there. */
  set(index: number, value: number): void {
    this.#room[index] = value;
  }

  at(index: number): number {
    return this.#room[index] ?? Number.NaN;
  }

  /** All numbers; valid until the next push. */
  get values(): T {
    return this.#room.subarray(0, this.#length) as T;
  }

  /** Doubles while it is small; later by an eighth, so that little of the room is empty. */
  #reserve(length: number): void {
    const room = new this.#make(Math.max(length, this.#length + Math.max(64, Math.min(this.#length, 2 ** 20, this.#length / 8 + 2 ** 16))));
    room.set(this.#room.subarray(0, this.#length));
    this.#room = room;
  }
}
