import type { NetworkRecord, StateView } from '@shiplog/contracts';
import { networkLinkName } from '@shiplog/driver-kit';
import { type ApiVersion, atLeast } from '../http/version.ts';
import { isUp } from './container-status.ts';
import { rfc3339 } from './time.ts';

/** A network in Docker's shape. `view` adds the containers that are on it; lists leave them out. */
export function networkInspect(network: NetworkRecord, version: ApiVersion, view?: StateView): object {
  return {
    Name: network.name,
    Id: network.id,
    Created: rfc3339(network.createdAt),
    Scope: 'local',
    Driver: network.driver === 'none' ? 'null' : network.driver,
    ...(atLeast(version, '1.47') ? { EnableIPv4: true } : {}),
    EnableIPv6: false,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: network.subnet === '' ? [] : [{ Subnet: network.subnet, ...(network.gateway === '' ? {} : { Gateway: network.gateway }) }],
    },
    Internal: network.internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: view === undefined ? {} : containersOn(network, view),
    Options: optionsOf(network),
    Labels: network.labels,
  };
}

/** Of the default bridge all that Docker lists: clients look for its interface there. */
function optionsOf({ id, name, driver, predefined, options }: NetworkRecord): { readonly [name: string]: string } {
  if (!predefined || name !== 'bridge' || driver !== 'bridge') return options;
  return {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'true',
    'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
    'com.docker.network.bridge.name': options['bridge'] ?? networkLinkName(id),
    'com.docker.network.driver.mtu': options['mtu'] ?? '1500',
    ...options,
  };
}

function containersOn(network: NetworkRecord, view: StateView): { readonly [id: string]: object } {
  const found = [...view.containers.values()].flatMap((container) => {
    const endpoint = Object.values(container.endpoints).find(({ networkId }) => networkId === network.id);
    if (endpoint === undefined || !isUp(container)) return [];
    const address = endpoint.ipv4 === '' ? '' : `${endpoint.ipv4}/${endpoint.prefixLength}`;
    return [
      [
        container.id,
        { Name: container.name, EndpointID: endpoint.id, MacAddress: endpoint.mac, IPv4Address: address, IPv6Address: '' },
      ] as const,
    ];
  });
  return Object.fromEntries(found);
}
