import {
  type ContainerRecord,
  type ContainerSize,
  type Digest,
  type DiskUsage,
  type ImageRecord,
  ShiplogError,
  type StateView,
  type UsageKind,
  type VolumeRecord,
} from '@shiplog/contracts';
import { imageUsers } from '@shiplog/model';
import type { EngineCore } from '../core.ts';
import { isInPlace } from '../drivers/is-in-place.ts';
import { Measurements } from './measurements.ts';

/** Says what images, containers and volumes take on disk. Measured when somebody asks; layers do not change, so their drivers measure each once. */
export class DiskMeter {
  readonly #core: EngineCore;
  readonly #measurements = new Measurements();

  constructor(core: EngineCore) {
    this.#core = core;
  }

  /** See Engine.size. */
  async container({ id, imageId, storageDriver }: ContainerRecord, signal?: AbortSignal): Promise<ContainerSize> {
    const own = await this.#snapshot(storageDriver, id, signal);
    const layers = this.#isShared(storageDriver) ? (this.#core.ledger.head.images.get(imageId)?.layers ?? []) : [];
    const sizes = await Promise.all(layers.map(({ chainId }) => this.#snapshot(storageDriver, chainId, signal)));
    return { own, rootfs: own + sum(sizes) };
  }

  /** See Engine.diskUsage. */
  async all(kinds: ReadonlySet<UsageKind>, signal?: AbortSignal): Promise<DiskUsage> {
    const view = await this.#core.ledger.view();
    const [images, containers, volumes] = await Promise.all([
      kinds.has('images') ? this.#images(view, signal) : undefined,
      kinds.has('containers')
        ? this.#each(view.containers, (container) => this.container(container, signal), 'a container could not be measured')
        : undefined,
      kinds.has('volumes')
        ? this.#each(view.volumes, (volume) => this.#volume(volume, signal), 'a volume could not be measured')
        : undefined,
    ]);
    return {
      view,
      ...(images === undefined ? {} : { images }),
      ...(containers === undefined ? {} : { containers }),
      ...(volumes === undefined ? {} : { volumes }),
    };
  }

  /** Blobs and layers, each counted once in all, and for each image that needs it. */
  async #images(view: StateView, signal: AbortSignal | undefined): Promise<NonNullable<DiskUsage['images']>> {
    const { drivers, chosen } = this.#core.parts;
    const images = [...view.images.values()];
    const blobs = await drivers.get('image-store', chosen.imageStore).sizes(images.flatMap(blobsOf));
    const parts = images.map((image) => ({
      image,
      blobs: new Set(blobsOf(image)),
      layers: new Set(image.layers.map(({ chainId }) => layerKey(image.storageDriver, chainId))),
    }));
    // Where containers of an image went to another driver, its layers are there as well.
    const elsewhere = images.flatMap((image) =>
      imageUsers(view, image.id).flatMap(({ storageDriver }) => image.layers.map(({ chainId }) => layerKey(storageDriver, chainId))),
    );
    const keys = [...new Set([...parts.flatMap(({ layers }) => [...layers]), ...elsewhere])];
    const measured = await Promise.all(keys.map(async (key) => [key, await this.#layer(key, signal)] as const));
    const sizes = new Map<string, number>([...blobs, ...measured]);
    const users = new Map<string, number>();
    for (const { blobs: held, layers } of parts) for (const key of [...held, ...layers]) users.set(key, (users.get(key) ?? 0) + 1);
    const bytesOf = (held: Iterable<string>): number => sum([...held].map((key) => sizes.get(key) ?? 0));
    const needed = parts.filter(({ image }) => imageUsers(view, image.id).length > 0).flatMap((part) => [...part.blobs, ...part.layers]);
    const bytes = bytesOf(sizes.keys());
    const of = parts.map(({ image, blobs: held, layers }) => {
      const all = [...held, ...layers];
      return [image.id, { bytes: bytesOf(all), shared: bytesOf(all.filter((key) => (users.get(key) ?? 0) > 1)) }] as const;
    });
    return { bytes, reclaimable: bytes - bytesOf(new Set([...needed, ...elsewhere])), of: new Map(of) };
  }

  #layer(key: string, signal: AbortSignal | undefined): Promise<number> {
    const [driver = '', chainId = ''] = key.split(' ');
    return this.#snapshot(driver, chainId, signal);
  }

  /** 0 for one that is not there, or not any more. */
  async #snapshot(driver: string, key: string, signal: AbortSignal | undefined): Promise<number> {
    const measure = async (given: AbortSignal): Promise<number> => {
      const ctx = { op: this.#core.parts.identities.op(), signal: given };
      return ((await this.#core.call('storage', driver, 'usage', { key }, ctx)) as { readonly bytes: number }).bytes;
    };
    try {
      return await this.#measurements.of(`snapshot ${driver} ${key}`, measure, signal);
    } catch (error) {
      if (ShiplogError.wrap(error).code === 'SNAPSHOT_NOT_FOUND') return 0;
      throw error;
    }
  }

  /** Undefined where it cannot be told. */
  async #volume(volume: VolumeRecord, signal: AbortSignal | undefined): Promise<number | undefined> {
    const { drivers, host } = this.#core.parts;
    if (!isInPlace(drivers, volume)) return undefined;
    return this.#measurements.of(`volume ${volume.name}`, (given) => host.treeBytes(volume.mountpoint, given), signal);
  }

  /** Whether snapshots share what they have not changed: one does not hold what is below it then. */
  #isShared(driver: string): boolean {
    return this.#core.parts.drivers
      .list()
      .some(({ kind, name, capabilities }) => kind === 'storage' && name === driver && capabilities['copyOnWrite'] === true);
  }

  /** What cannot be measured has no size: one such thing must not hide all others. */
  async #each<R, T>(
    records: ReadonlyMap<string, R>,
    measure: (record: R) => Promise<T | undefined>,
    problem: string,
  ): Promise<ReadonlyMap<string, T | undefined>> {
    const entries = [...records].map(async ([name, record]): Promise<readonly [string, T | undefined]> => {
      try {
        return [name, await measure(record)];
      } catch (error) {
        const { code, message } = ShiplogError.wrap(error);
        if (code === 'CANCELED') throw error;
        this.#core.parts.logger.warn(problem, { name, error: message });
        return [name, undefined];
      }
    });
    return new Map(await Promise.all(entries));
  }
}

function blobsOf(image: ImageRecord): readonly Digest[] {
  return [image.id, ...image.layers.map(({ digest }) => digest)];
}

function layerKey(driver: string, chainId: Digest): string {
  return `${driver} ${chainId}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
