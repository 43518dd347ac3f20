import type { ContainerRecord, PortBinding, StateView } from '@shiplog/contracts';
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
          DNSNames: dnsNames(container, endpoint.networkName, aliases),
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
            DNSNames: dnsNames(container, network.name, aliases),
          },
        ],
      ];
    }),
  );
}

function dnsNames(container: ContainerRecord, network: string, aliases: readonly string[]): readonly string[] | null {
  if (network === 'bridge' || network === 'host' || network === 'none') return null;
  return [...new Set([container.name, ...aliases, container.id.slice(0, 12), container.spec.hostname ?? ''])].filter((name) => name !== '');
}

/** Ports that are published just now, host ports decided. */
export function publishedPorts(container: ContainerRecord): readonly PortBinding[] {
  return isUp(container) ? Object.values(container.endpoints).flatMap((endpoint) => endpoint.ports) : [];
}

/** The address as clients are told it: all addresses are 0.0.0.0. */
export function hostAddress(binding: PortBinding): string {
  return binding.hostIp === '' ? '0.0.0.0' : binding.hostIp;
}
