import { createContext, type LoadedImage, type ShiplogEvent, type StorageDriver } from '@shiplog/contracts';

/** Bytes that the storage driver took, by its own account. */
export interface Disk {
  /** Of all layers, when they were made. */
  readonly layers: number;
  /** Of all root file systems of containers, when they were started. */
  readonly containers: number;
}

/** Asks a storage driver what snapshots take, as the log tells of them. */
export class DiskMeter {
  readonly #storage: StorageDriver;
  readonly #signal: AbortSignal;
  readonly #layers = new Set<string>();
  #layerBytes = 0;
  #containerBytes = 0;

  constructor(storage: StorageDriver, signal: AbortSignal) {
    this.#storage = storage;
    this.#signal = signal;
  }

  get disk(): Disk {
    return { layers: this.#layerBytes, containers: this.#containerBytes };
  }

  async add(event: ShiplogEvent): Promise<void> {
    if (event.type === 'container.start.succeeded') this.#containerBytes += await this.#usage(event.stream.slice('container/'.length));
    if (
      event.type === 'image.load.succeeded' ||
      event.type === 'image.import.succeeded' ||
      event.type === 'image.commit.succeeded' ||
      event.type === 'image.pull.succeeded'
    )
      await this.#addLayers(event.data.images);
  }

  async #addLayers(images: readonly LoadedImage[]): Promise<void> {
    for (const { chainId } of images.flatMap(({ manifest }) => manifest.layers)) {
      if (this.#layers.has(chainId)) continue;
      this.#layers.add(chainId);
      this.#layerBytes += await this.#usage(chainId);
    }
  }

  /** Nothing where it cannot be told: of a container that removes itself at the same time, as a rule. */
  #usage(key: string): Promise<number> {
    return this.#storage.usage({ key }, createContext({ op: 'usage', signal: this.#signal })).then(
      ({ bytes }) => bytes,
      () => 0,
    );
  }
}
