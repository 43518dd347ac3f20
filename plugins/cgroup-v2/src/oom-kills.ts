import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { Announcer, errnoOf, readControlTable } from '@shiplog/driver-kit';

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
  readonly #kills = new Announcer<{ readonly id: string }>();

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
  follow(signal: AbortSignal): AsyncGenerator<{ readonly id: string }> {
    return this.#kills.follow(signal, (tell) => {
      for (const [id, { kills }] of this.#groups) if (kills > 0) tell({ id });
    });
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
    if (kills > watched.kills) this.#kills.tell({ id });
    watched.kills = kills;
    setTimeout(() => {
      watched.looking = false;
      if (watched.changed) void this.#look(id, group);
    }, BETWEEN).unref();
  }
}
