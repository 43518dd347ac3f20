/** A layer where a storage driver has it. */
export interface PlacedLayer {
  readonly storageDriver: string;
  /** Its chain id. */
  readonly key: string;
}

/**
 * Layers that operations under way count on beside those that images in the log need: nobody takes them away meanwhile. In memory alone: after a crash,
 * what no image needs goes. It is read and changed by whoever has the turn with layers.
 */
export class LayerLeases {
  /** Operations by what they hold. */
  readonly #holders = new Map<string, Set<string>>();
  /** What each holds, in the order in which it took it. */
  readonly #held = new Map<string, Map<string, PlacedLayer>>();

  /** Taking it again is free. */
  take(op: string, layer: PlacedLayer): void {
    const name = nameOf(layer);
    this.#holders.set(name, (this.#holders.get(name) ?? new Set()).add(op));
    this.#held.set(op, (this.#held.get(op) ?? new Map<string, PlacedLayer>()).set(name, layer));
  }

  has(op: string, layer: PlacedLayer): boolean {
    return this.#holders.get(nameOf(layer))?.has(op) === true;
  }

  isHeld(layer: PlacedLayer): boolean {
    return this.#holders.has(nameOf(layer));
  }

  /** Gives all of an operation's back. Answers those, the last first. */
  end(op: string): readonly PlacedLayer[] {
    const held = [...(this.#held.get(op)?.values() ?? [])];
    this.#held.delete(op);
    for (const layer of held) {
      const holders = this.#holders.get(nameOf(layer));
      holders?.delete(op);
      if (holders?.size === 0) this.#holders.delete(nameOf(layer));
    }
    return held.toReversed();
  }
}

function nameOf({ storageDriver, key }: PlacedLayer): string {
  return `${storageDriver} ${key}`;
}
