import { ApiError, type ContainerStats, type DockerClient } from '@shiplog/client';

/** A sample, and the name its container was asked by. */
export interface NamedStats {
  readonly name: string;
  readonly stats: ContainerStats;
}

/** Containers whose samples come in, and the last one of each. */
export class WatchedContainers {
  readonly #last = new Map<string, ContainerStats>();
  #failure: unknown;

  constructor(private readonly docker: DockerClient) {}

  /** In the order in which they were watched first; those that were removed are no more among them. Throws if the engine went away. */
  get samples(): readonly NamedStats[] {
    if (this.#failure !== undefined) throw this.#failure;
    return [...this.#last].map(([name, stats]) => ({ name, stats }));
  }

  /** Watches it until it is removed; resolves with its first sample. Nothing happens if it is watched. Throws ApiError if there is none. */
  async watch(name: string): Promise<void> {
    if (this.#last.has(name)) return;
    const stream = (await this.docker.statsStream(name))[Symbol.asyncIterator]();
    const first = await stream.next();
    if (first.done === true) return;
    this.#last.set(name, first.value);
    void this.#follow(name, stream).catch((error: unknown) => (this.#failure = error));
  }

  async #follow(name: string, stream: AsyncIterator<ContainerStats>): Promise<void> {
    for (let next = await stream.next(); next.done !== true; next = await stream.next()) this.#last.set(name, next.value);
    this.#last.delete(name);
  }
}

/** Leaves out what was removed since it was listed. */
export async function unlessRemoved<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
