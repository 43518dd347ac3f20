import type { Kernel } from '@shiplog/contracts';
import { socketCalls } from './datagrams.ts';
import { fileCalls } from './files.ts';
import { firewallCalls } from './firewall.ts';
import { Lane } from './lane.ts';
import { linkCalls } from './links.ts';
import { mountCalls } from './mounts.ts';
import { namespaceCalls } from './namespaces.ts';
import { processCalls } from './processes.ts';
import { subvolumeCalls } from './subvolumes.ts';
import { treeCalls } from './trees.ts';

/** The layers of an image are synced one after the other, and starting a thread takes longer than most of that. */
const SYNC_REST_MS = 2000;

/**
 * The Linux body of the kernel port. Nothing is loaded and no thread runs before the first call that needs it. Threads:
 * `net` for namespaces and links, `disk` for mounts and files, `sync` for syncfs(2), which can take seconds, `subvolumes`
 * for those of btrfs, each of which waits for a disk, `trees` for visits to other mount namespaces, `walks` for looks at all that is in a tree.
 */
export class LinuxKernel implements Kernel, AsyncDisposable {
  readonly #net = new Lane('net');
  readonly #disk = new Lane('disk');
  readonly #sync = new Lane('sync', { restMs: SYNC_REST_MS });
  readonly #subvolumes = new Lane('subvolumes');
  readonly #trees = new Lane('trees');
  /** It holds all names of a directory, and whoever is in a container may make millions. */
  readonly #walks = new Lane('walks', { memoryMb: 512 });

  readonly mounts = mountCalls(this.#disk.call);
  readonly files = fileCalls(this.#disk.call, this.#sync.call);
  readonly trees = treeCalls(this.#trees.call, this.#walks.call);
  readonly subvolumes = subvolumeCalls(this.#subvolumes.call);
  readonly namespaces = namespaceCalls(this.#net.call);
  readonly links = linkCalls(this.#net.call);
  readonly firewall = firewallCalls(this.#net.call);
  readonly processes = processCalls(this.#net.call);
  readonly sockets = socketCalls(this.#net.call);

  /** Ends the threads; calls under way fail. A later call starts them again. */
  async [Symbol.asyncDispose](): Promise<void> {
    const lanes = [this.#net, this.#disk, this.#sync, this.#subvolumes, this.#trees, this.#walks];
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

/** A kernel of this host. Needs root for nearly everything. */
export function createKernel(): Kernel & AsyncDisposable {
  return new LinuxKernel();
}
