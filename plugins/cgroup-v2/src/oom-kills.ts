import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, readControlTable } from '@shiplog/driver-kit';

/** Milliseconds between two looks at one group: the kernel tells of every time that memory comes to a limit, up to 100 times a second. */
const BETWEEN = 50;

interface Watched {
  readonly watcher: FSWatcher;
  /** What memory.events said last. */
  kills: number;
  looking: boolean;
  changed: boolean;
}

/** Tells of groups in which the kernel killed for memory, by inotify(7) on memory.events (kernel: cgroup-v2, Memory). */
export class OomKills {
  readonly #groups = new Map<string, Watched>();
  readonly #followers = new Set<(id: string) => void>();

  /** Watches a group until it is forgotten. Nothing happens if it is watched, or if there is none. */
  watch(id: string, group: string): void {
    if (this.#groups.has(id)) return;
    try {
      const watcher = watch(join(group, 'memory.events'), { persistent: false }, () => void this.#look(id, group));
      watcher.on('error', () => this.forget(id));
      this.#groups.set(id, { watcher, kills: 0, looking: false, changed: false });
    } catch (error) {
      // No memory controller here, or the group is being removed.
      if (errnoOf(error) !== 'ENOENT') throw error;
      return;
    }
    void this.#look(id, group);
  }

  forget(id: string): void {
    this.#groups.get(id)?.watcher.close();
    this.#groups.delete(id);
  }

  end(): void {
    for (const id of this.#groups.keys()) this.forget(id);
  }

  /** Ids, each time kills were counted, those of before too, until `signal` aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<{ readonly id: string }> {
    const queue = [...this.#groups].filter(([, { kills }]) => kills > 0).map(([id]) => id);
    let wake: () => void = () => undefined;
    const tell = (id: string): void => {
      queue.push(id);
      wake();
    };
    const stop = (): void => wake();
    signal.addEventListener('abort', stop);
    this.#followers.add(tell);
    try {
      while (!signal.aborted) {
        const id = queue.shift();
        if (id !== undefined) yield { id };
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      this.#followers.delete(tell);
      signal.removeEventListener('abort', stop);
    }
  }

  /** One look at a time; what changes meanwhile is looked at once more. */
  async #look(id: string, group: string): Promise<void> {
    const watched = this.#groups.get(id);
    if (watched === undefined) return;
    watched.changed = true;
    if (watched.looking) return;
    watched.looking = true;
    watched.changed = false;
    // One that cannot be read is being removed.
    const table = await readControlTable(join(group, 'memory.events')).catch((): { readonly [name: string]: number } => ({}));
    const kills = table['oom_kill'] ?? watched.kills;
    if (kills > watched.kills) for (const tell of this.#followers) tell(id);
    watched.kills = kills;
    setTimeout(() => {
      watched.looking = false;
      if (watched.changed) void this.#look(id, group);
    }, BETWEEN).unref();
  }
}
