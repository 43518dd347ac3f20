import { type ContainerRecord, dnsNames, type EndpointRecord, type NetworkRecord, type StateView } from '@shiplog/contracts';

type Networks = Pick<StateView, 'containers' | 'networks'>;

/** Networks that a user made, in the order the container joined them: on those, containers go by their names. */
export function namedNetworks(view: Pick<StateView, 'networks'>, endpoints: Iterable<EndpointRecord>): readonly NetworkRecord[] {
  return [...endpoints]
    .toSorted((a, b) => inOrder(a.ifName, b.ifName))
    .flatMap(({ networkId }) => view.networks.get(networkId) ?? [])
    .filter(({ predefined }) => !predefined);
}

/**
 * IPv4 addresses of the containers that `name` stands for on the networks of a container, of the first network that has any; undefined
 * where none does. `name` is in lower case; behind a dot it may have the network's name.
 */
export function addressesOf(view: Networks, container: ContainerRecord, name: string): readonly string[] | undefined {
  for (const network of namedNetworks(view, Object.values(container.endpoints))) {
    const ending = `.${network.name.toLowerCase()}`;
    const linked = linksOn(container, network).flatMap(([target, alias]) => (alias === name ? [target] : []));
    const wanted = [name, ...(name.endsWith(ending) ? [name.slice(0, -ending.length)] : []), ...linked];
    const found: string[] = [];
    for (const { other, endpoint } of neighbours(view, network.id)) {
      const names = dnsNames(other, endpoint.aliases).map((each) => each.toLowerCase());
      if (wanted.some((each) => names.includes(each) || each === other.id)) found.push(endpoint.ipv4);
    }
    if (found.length > 0) return found;
  }
  return undefined;
}

/** The name, with its network's, of the container that has an address on a network of `container`. */
export function nameOfAddress(view: Networks, container: ContainerRecord, address: string): string | undefined {
  for (const network of namedNetworks(view, Object.values(container.endpoints))) {
    for (const { other, endpoint } of neighbours(view, network.id)) if (endpoint.ipv4 === address) return `${other.name}.${network.name}`;
  }
  return undefined;
}

/** What a container calls others there: names and aliases, in lower case. */
function linksOn({ spec }: ContainerRecord, { id, name }: NetworkRecord): readonly (readonly [target: string, alias: string])[] {
  const { links = [] } = spec.endpoints[name] ?? spec.endpoints[id] ?? {};
  return links.map((link) => {
    const [target = '', alias = target] = link.toLowerCase().split(':');
    return [target, alias];
  });
}

/** `eth2` comes before `eth10`. */
function inOrder(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

/** Containers that have an address on a network. */
function* neighbours(view: Networks, networkId: string): Iterable<{ readonly other: ContainerRecord; readonly endpoint: EndpointRecord }> {
  for (const other of view.containers.values()) {
    for (const endpoint of Object.values(other.endpoints))
      if (endpoint.networkId === networkId && endpoint.ipv4 !== '') yield { other, endpoint };
  }
}
