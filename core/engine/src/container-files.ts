import {
  type ContainerFiles,
  type ContainerRecord,
  type ContextParts,
  createContext,
  type ExtractOptions,
  type FileTree,
  type OpenFiles,
  ShiplogError,
} from '@shiplog/contracts';
import { volumeArgs, volumeDriver } from './container-volumes.ts';
import type { EngineCore } from './core.ts';

/** Somebody reads files of a container. */
interface Reading {
  /** What its storage driver mounted is mounted for it. */
  readonly mounts: boolean;
  readonly cancel: () => void;
  readonly ended: Promise<void>;
}

/**
 * Files of containers, running or not. Of one that runs, they are as its main process sees them; of another, its root file system is mounted for the time, with its
 * volumes and binds. Remembers who reads, so that nothing is mounted or removed under them.
 */
export class FilesOfContainers {
  readonly #readings = new Map<string, Set<Reading>>();

  constructor(private readonly core: EngineCore) {}

  /** Opens them. Who closes gives back what was mounted. Throws what drivers throw, and nothing stays mounted then. */
  async open(container: ContainerRecord, ctx: ContextParts): Promise<OpenFiles> {
    if (container.process !== undefined) return this.#driver().open({ process: container.process }, createContext(ctx));
    const { images, ledger, secrets } = this.core;
    const image = await images.whole(ledger.head.image(container.imageId));
    const mounted = await this.#mount(await images.within(await secrets.known(container), image), ctx);
    try {
      return closing(await this.#driver().open(mounted, createContext(ctx)), () => this.unmount(container));
    } catch (error) {
      await this.unmount(container);
      throw error;
    }
  }

  /** Opens what lies beneath all mounts: the container's root file system alone. */
  async openRoot(container: ContainerRecord, ctx: ContextParts): Promise<OpenFiles> {
    const root = this.core.parts.paths.rootfs(container.id);
    const tree: FileTree = { root, readonly: true, mounts: [] };
    if (container.process !== undefined) return this.#driver().open(tree, createContext(ctx));
    await this.#mountRoot(container, ctx);
    try {
      return closing(await this.#driver().open(tree, createContext(ctx)), () => this.unmount(container));
    } catch (error) {
      await this.unmount(container);
      throw error;
    }
  }

  /** Gives back what was mounted for a container that does not run. Repeating it is free. */
  async unmount(container: ContainerRecord): Promise<void> {
    const { parts } = this.core;
    const ctx = { op: parts.identities.op(), signal: new AbortController().signal };
    for (const name of volumesOf(container)) {
      const recorded = this.core.ledger.head.volumes.get(name);
      if (recorded === undefined) continue;
      const volume = await this.core.secrets.known(recorded);
      const args = { ...volumeArgs(volume), consumer: container.id };
      await this.core.call('volume', volumeDriver(this.core, volume.driver), 'unpublish', args, ctx);
    }
    await this.core.call(
      'storage',
      container.storageDriver,
      'unmount',
      { key: container.id, target: parts.paths.rootfs(container.id) },
      ctx,
    );
  }

  /** Remembers a reading, until the answer is called. */
  begin(id: string, mounts: boolean, cancel: () => void): () => void {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const reading: Reading = { mounts, cancel, ended };
    const all = this.#readings.get(id) ?? new Set();
    this.#readings.set(id, all.add(reading));
    return () => {
      all.delete(reading);
      if (all.size === 0 && this.#readings.get(id) === all) this.#readings.delete(id);
      resolve();
    };
  }

  /** Whether somebody reads a container's files: those that were `mounted` for it alone, or any. */
  areRead(id: string, mounted: boolean): boolean {
    return [...(this.#readings.get(id) ?? [])].some((reading) => reading.mounts || !mounted);
  }

  /** Resolves when nobody reads any more. */
  async unread(id: string, mounted: boolean): Promise<void> {
    await Promise.all([...(this.#readings.get(id) ?? [])].map((reading) => (reading.mounts || !mounted ? reading.ended : undefined)));
  }

  /** Ends all reading of a container's files; of every container's if none is named. Resolves when it has ended. */
  async cancel(id?: string): Promise<void> {
    const all = id === undefined ? [...this.#readings.values()].flatMap((some) => [...some]) : [...(this.#readings.get(id) ?? [])];
    for (const reading of all) reading.cancel();
    await Promise.all(all.map(({ ended }) => ended));
  }

  #driver(): ContainerFiles {
    const { chosen, drivers } = this.core.parts;
    if (chosen.containerFiles === undefined) throw new ShiplogError('NOT_SUPPORTED', 'no plugin of this engine reads files of containers');
    return drivers.get('container-files', chosen.containerFiles);
  }

  async #mount(container: ContainerRecord, ctx: ContextParts): Promise<FileTree> {
    const root = await this.#mountRoot(container, ctx);
    try {
      const mounts = [];
      for (const mount of nearestFirst(container.spec.mounts)) {
        const { target, type } = mount;
        // What is in a tmpfs is gone when the container does not run.
        if (type === 'tmpfs') continue;
        const source =
          type === 'bind' ? mount.source : await this.#publish(container, mount.source, mount.noCopy === true ? undefined : target, ctx);
        mounts.push({ source, target, readonly: mount.readOnly, make: type === 'bind' && mount.createSource === true });
      }
      return { root, readonly: container.spec.readonlyRootfs, mounts };
    } catch (error) {
      await this.unmount(container);
      throw error;
    }
  }

  async #mountRoot({ id, storageDriver }: ContainerRecord, ctx: ContextParts): Promise<string> {
    const root = this.core.parts.paths.rootfs(id);
    await this.core.call('storage', storageDriver, 'mount', { key: id, target: root }, ctx);
    return root;
  }

  /** Makes a volume and asks where it is. One that is empty gets what the image has at `seed`, as at the container's start. */
  async #publish(container: ContainerRecord, name: string, seed: string | undefined, ctx: ContextParts): Promise<string> {
    const { core } = this;
    const volume = await core.secrets.known(core.ledger.head.volume(name));
    const driver = volumeDriver(core, volume.driver);
    const args = volumeArgs(volume);
    await core.call('volume', driver, 'create', args, ctx);
    const seeded = seed === undefined ? {} : { seed: { root: core.parts.paths.rootfs(container.id), path: seed } };
    const { path } = (await core.call('volume', driver, 'publish', { ...args, consumer: container.id, ...seeded }, ctx)) as {
      path: string;
    };
    return path;
  }
}

/** Files that do `after` when they were let go of, once. */
function closing(files: OpenFiles, after: () => Promise<void>): OpenFiles {
  let closed: Promise<void> | undefined;
  return {
    stat: (path) => files.stat(path),
    archive: (path) => files.archive(path),
    export: () => files.export(),
    extract: (path, archive, options: ExtractOptions) => files.extract(path, archive, options),
    close: () => (closed ??= files.close().then(after)),
  };
}

function volumesOf({ spec }: ContainerRecord): ReadonlySet<string> {
  return new Set(spec.mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.source] : [])));
}

/** What is mounted in another mount comes after it. */
function nearestFirst(mounts: ContainerRecord['spec']['mounts']): ContainerRecord['spec']['mounts'] {
  const depth = ({ target }: { readonly target: string }): number => target.split('/').filter((name) => name !== '').length;
  return mounts.toSorted((a, b) => depth(a) - depth(b));
}
