import { existsSync, type FSWatcher, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { Announcer, errnoOf, namesIn } from '@shiplog/driver-kit';
import type { Layout } from './layout.ts';

/** What the monitor leaves where it stands, for each time the kernel is out of memory for the container's cgroup. */
const NOTICE = 'oom';

/**
 * Tells of containers whose monitor said that the kernel kills for memory in their cgroup. On version 1 of cgroups the monitor has an
 * eventfd for it, and here it costs one inotify(7) watch a container, and nothing where nothing happens; on version 2 conmon looks only when
 * the container ends, and the cgroup driver tells. A notice is taken away when it is told, so that the next one is seen; what was left
 * while nobody watched is told first.
 */
export class OomNotices {
  readonly #notices = new Announcer<{ readonly id: string }>();
  readonly #watches = new Map<string, FSWatcher>();

  constructor(private readonly layout: Layout) {}

  /** Watches a container until it is forgotten. Nothing happens if it is watched, or is not there. */
  watch(id: string): void {
    if (this.#watches.has(id)) return;
    try {
      const watcher = watch(this.layout.bundle(id), { persistent: false }, (_, name) => {
        if (name === NOTICE) this.#take(id);
      });
      watcher.on('error', () => this.forget(id));
      this.#watches.set(id, watcher);
    } catch (error) {
      // It is being removed.
      if (errnoOf(error) === 'ENOENT') return;
      throw error;
    }
    this.#take(id);
  }

  forget(id: string): void {
    this.#watches.get(id)?.close();
    this.#watches.delete(id);
  }

  /** Ids, each time there was a notice, until `signal` aborts. */
  follow(signal: AbortSignal): AsyncGenerator<{ readonly id: string }> {
    return this.#notices.follow(signal, async () => {
      for (const id of await namesIn(this.layout.containers)) {
        this.watch(id);
        // One that was watched before anybody listened kept its notice.
        this.#take(id);
      }
    });
  }

  #take(id: string): void {
    const notice = join(this.layout.bundle(id), NOTICE);
    // Nobody would be told: the notice stays for who comes.
    if (!this.#notices.isHeard || !existsSync(notice)) return;
    // Before it is told: who hears of it finds all kills up to then counted, and of later ones there is another notice.
    rmSync(notice, { force: true });
    this.#notices.tell({ id });
  }
}
