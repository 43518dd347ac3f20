import { type ContainerRecord, dnsNames, type NetworkRecord, type PortBinding, type StateView } from '@shiplog/contracts';
import { isUp } from './container-status.ts';

/** A container's networks in Docker's shape (EndpointSettings), by network name. */
export function networksOf(container: ContainerRecord, view: StateView): { readonly [network: string]: object } {
  const attached = Object.entries(container.endpoints);
  if (attached.length === 0) return plannedNetworks(container, view);
  const up = isUp(container);
  return Object.fromEntries(
    attached.map(([name, endpoint]) => {
      const asked = container.spec.endpoints[name];
      const aliases = asked?.aliases ?? [];
      return [
        name,
        {
          IPAMConfig: asked?.ipv4 === undefined ? null : { IPv4Address: asked.ipv4 },
          Links: asked?.links ?? null,
          Aliases: aliases.length === 0 ? null : aliases,
          MacAddress: up ? endpoint.mac : '',
          DriverOpts: null,
          GwPriority: 0,
          NetworkID: endpoint.networkId,
          EndpointID: up ? endpoint.id : '',
          Gateway: up ? endpoint.gateway : '',
          IPAddress: up ? endpoint.ipv4 : '',
          IPPrefixLen: up ? endpoint.prefixLength : 0,
          IPv6Gateway: '',
          GlobalIPv6Address: '',
          GlobalIPv6PrefixLen: 0,
          DNSNames: namesOn(view.networks.get(endpoint.networkId), container, aliases),
        },
      ];
    }),
  );
}

/** Before the first start: the networks it will join, so that their ids are known. */
function plannedNetworks(container: ContainerRecord, view: StateView): { readonly [network: string]: object } {
  const { networkMode, endpoints, leftMain } = container.spec;
  if (networkMode.startsWith('container:') || container.spec.networkDisabled) return {};
  const names = new Set([...(leftMain === true ? [] : [networkMode]), ...Object.keys(endpoints)]);
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const network = [...view.networks.values()].find((candidate) => candidate.name === name || candidate.id === name);
      if (network === undefined) return [];
      const asked = endpoints[name];
      const aliases = asked?.aliases ?? [];
      return [
        [
          network.name,
          {
            IPAMConfig: asked?.ipv4 === undefined ? null : { IPv4Address: asked.ipv4 },
            Links: asked?.links ?? null,
            Aliases: aliases.length === 0 ? null : aliases,
            MacAddress: '',
            DriverOpts: null,
            GwPriority: 0,
            NetworkID: network.id,
            EndpointID: '',
            Gateway: '',
            IPAddress: '',
            IPPrefixLen: 0,
            IPv6Gateway: '',
            GlobalIPv6Address: '',
            GlobalIPv6PrefixLen: 0,
            DNSNames: namesOn(network, container, aliases),
          },
        ],
      ];
    }),
  );
}

/** Null on networks of the engine's own, which have no names. */
function namesOn(network: NetworkRecord | undefined, container: ContainerRecord, aliases: readonly string[]): readonly string[] | null {
  return network?.predefined === true ? null : dnsNames(container, aliases);
}

/** Ports that are published just now, host ports decided. */
export function publishedPorts(container: ContainerRecord): readonly PortBinding[] {
  return isUp(container) ? Object.values(container.endpoints).flatMap((endpoint) => endpoint.ports) : [];
}

/** The address as clients are told it: all addresses are 0.0.0.0. */
export function hostAddress(binding: PortBinding): string {
  return binding.hostIp === '' ? '0.0.0.0' : binding.hostIp;
}
