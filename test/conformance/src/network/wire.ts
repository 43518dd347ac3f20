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
  remove(): Promise<void>;
}

/** Lays a wire; its namespace file is made in `directory`. */
export async function layWire(kernel: Kernel, directory: string): Promise<Wire> {
  const [parent, link] = ['kitwire', 'wire0'];
  const namespace = join(directory, 'neighbour');
  await kernel.namespaces.createNetwork(namespace);
  await kernel.links.createVeth(parent, { name: link, namespace, up: true }, { up: true });
  return {
    parent,
    namespace,
    link,
    async remove() {
      await kernel.links.remove(parent);
      await kernel.namespaces.removeNetwork(namespace);
    },
  };
}
