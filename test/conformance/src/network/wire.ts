import { join } from 'node:path';
import type { Kernel } from '@shiplog/contracts';

/** A wire between the host and a neighbour, as an Ethernet cable would be. */
export interface Wire {
  /** The host's link on it. It has no address. */
  readonly parent: string;
  /** Namespace file of the neighbour. */
  readonly namespace: string;
  /** The neighbour's link on it. */
  readonly link: string;
  /** Lays it anew, after a reboot took it. */
  lay(): Promise<void>;
  remove(): Promise<void>;
}

/** Lays a wire; its namespace file is made in `directory`. */
export async function layWire(kernel: Kernel, directory: string): Promise<Wire> {
  const [parent, link] = ['kitwire', 'wire0'];
  const namespace = join(directory, 'neighbour');
  const lay = async (): Promise<void> => {
    await kernel.namespaces.createNetwork(namespace);
    await kernel.links.createVeth(parent, { name: link, namespace, up: true }, { up: true });
  };
  await lay();
  return {
    parent,
    namespace,
    link,
    lay,
    async remove() {
      await kernel.links.remove(parent);
      await kernel.namespaces.removeNetwork(namespace);
    },
  };
}
