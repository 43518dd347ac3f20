type Numbers = Uint16Array | Uint32Array | Float64Array;

/** A typed array that grows at its end: a few bytes a number instead of an object's eight and more. */
export class GrowingArray<T extends Numbers> {
  readonly #make: new (length: number) => T;
  #room: T;
  #length = 0;

  constructor(make: new (length: number) => T) {
    this.#make = make;
    this.#room = new make(4);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#room.length) {
      const room = new this.#make(this.#length * 2);
      room.set(this.#room);
      this.#room = room;
    }
    this.#room[this.#length++] = value;
  }

  at(index: number): number {
    return this.#room[index] ?? Number.NaN;
  }

  /** All numbers; valid until the next push. */
  get values(): T {
    return this.#room.subarray(0, this.#length) as T;
  }
}
