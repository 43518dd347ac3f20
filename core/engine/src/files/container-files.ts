import { type ContainerFiles, type ContextParts, createContext, type FileTree, type OpenFiles, ShiplogError } from '@shiplog/contracts';
import type { EngineParts } from '../ports.ts';

/** Somebody reads or writes files of a container. */
interface Use {
  readonly writes: boolean;
  readonly cancel: () => void;
  readonly ended: Promise<void>;
}

/** Files of containers. Remembers who uses them, so that nothing is mounted or removed under them. */
export class FilesOfContainers {
  readonly #uses = new Map<string, Set<Use>>();
  /** Containers whose files nobody may use any more. */
  readonly #forbidden = new Set<string>();

  constructor(private readonly parts: Pick<EngineParts, 'chosen' | 'drivers'>) {}

  /** Opens them. Throws what the driver throws, and nothing stays open then. */
  open(tree: FileTree, ctx: ContextParts): Promise<OpenFiles> {
    const { chosen, drivers } = this.parts;
    if (chosen.containerFiles === undefined) throw new ShiplogError('NOT_SUPPORTED', 'no plugin of this engine reads files of containers');
    const driver: ContainerFiles = drivers.get('container-files', chosen.containerFiles);
    return driver.open(tree, createContext(ctx));
  }

  /** Remembers a use, until the answer is called. `cancel` may be called at once. */
  begin(id: string, writes: boolean, cancel: () => void): () => void {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const use: Use = { writes, cancel, ended };
    const all = this.#uses.get(id) ?? new Set();
    this.#uses.set(id, all.add(use));
    if (this.#forbidden.has(id)) cancel();
    return () => {
      all.delete(use);
      if (all.size === 0 && this.#uses.get(id) === all) this.#uses.delete(id);
      resolve();
    };
  }

  /** Whether somebody uses a container's files. */
  areUsed(id: string): boolean {
    return this.#uses.has(id);
  }

  /** Resolves when nobody uses them any more. */
  async unused(id: string): Promise<void> {
    await Promise.all([...(this.#uses.get(id) ?? [])].map(({ ended }) => ended));
  }

  /** Ends all use of a container's files. While `work` goes on, whoever begins to use them is told to leave off. */
  async forbid(id: string, work: () => Promise<void>): Promise<void> {
    this.#forbidden.add(id);
    try {
      await this.#cancel([...(this.#uses.get(id) ?? [])]);
      await work();
    } finally {
      this.#forbidden.delete(id);
    }
  }

  /** Ends all reading of files, and writing too unless it is to be spared. Resolves when it has ended. */
  async cancel({ spareWriters = false }: { readonly spareWriters?: boolean } = {}): Promise<void> {
    await this.#cancel([...this.#uses.values()].flatMap((some) => [...some]).filter(({ writes }) => !(writes && spareWriters)));
  }

  async #cancel(uses: readonly Use[]): Promise<void> {
    for (const use of uses) use.cancel();
    await Promise.all(uses.map(({ ended }) => ended));
  }
}
