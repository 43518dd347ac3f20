import {
  type ContainerRecord,
  type EndpointRecord,
  NAME_SERVER_ADDRESS,
  type NameServer,
  type NameSource,
  ShiplogError,
} from '@shiplog/contracts';
import { addressesOf, nameOfAddress, namedNetworks } from '@shiplog/model';
import { nameServers } from '@shiplog/oci';
import type { Ledger } from '../state/ledger.ts';
import type { EngineParts } from '../ports.ts';

/**
 * Lets containers find each other by name, on networks that a user made: of those that are on one, programs ask the chosen name server. What
 * it answers is read off the state as it is when they ask.
 */
export class Names {
  constructor(
    private readonly parts: EngineParts,
    private readonly ledger: Ledger,
  ) {}

  /** Where the programs of a container with these endpoints ask; undefined: the host's name servers. */
  addressFor(endpoints: Iterable<EndpointRecord>): string | undefined {
    const isServed = this.parts.chosen.nameServer !== undefined && namedNetworks(this.ledger.head, endpoints).length > 0;
    return isServed ? NAME_SERVER_ADDRESS : undefined;
  }

  /** Serves a container whose namespace is at `sandbox`. Repeating it is harmless. */
  async serve(container: string, sandbox: string): Promise<void> {
    await this.#server()?.serve(container, sandbox, this.#source(container));
  }

  /** Before the namespace goes: it would stay as long as it is served. */
  async end(container: string): Promise<void> {
    await this.#server()?.end(container);
  }

  /** Serves all that run: their name server ended with the engine's process, or with its plugin. */
  async resume(): Promise<void> {
    await Promise.all(
      this.ledger.head.containers
        .values()
        .filter((container) => hasOwn(container) && this.addressFor(Object.values(container.endpoints)) !== undefined)
        .map(async ({ id }) => {
          try {
            await this.serve(id, this.parts.paths.sandbox(id));
          } catch (error) {
            this.parts.logger.warn('a container finds no names', { container: id, error: ShiplogError.wrap(error).message });
          }
        }),
    );
  }

  #server(): NameServer | undefined {
    const { chosen, drivers } = this.parts;
    return chosen.nameServer === undefined ? undefined : drivers.get('name-server', chosen.nameServer);
  }

  #source(id: string): NameSource {
    const { head } = this.ledger;
    const asking = (): ContainerRecord | undefined => head.containers.get(id);
    return {
      addressesOf: (name) => {
        const container = asking();
        return container && addressesOf(head, container, name);
      },
      nameOf: (address) => {
        const container = asking();
        return container && nameOfAddress(head, container, address);
      },
      upstream: async () => {
        const container = asking();
        if (container === undefined || !reachesOut(container, head.networks)) return [];
        const { dns } = container.spec;
        return dns.length > 0 ? dns : nameServers(await this.parts.host.resolvConf());
      },
    };
  }
}

/** It runs, in a namespace that is its own. */
function hasOwn({ process, spec }: ContainerRecord): boolean {
  return process !== undefined && !spec.networkMode.startsWith('container:');
}

/** Questions of a container on internal networks alone would be a way out of them. */
function reachesOut({ endpoints }: ContainerRecord, networks: Ledger['head']['networks']): boolean {
  return Object.values(endpoints).some(({ networkId }) => networks.get(networkId)?.internal === false);
}
