import { type Kernel, type LinkInfo, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';
import { alias, bridgeMac, parseAlias } from './names.ts';
import type { BridgeNetwork } from './network.ts';

function find(links: readonly LinkInfo[], name: string): LinkInfo | undefined {
  return links.find((link) => link.name === name);
}

function isOurs(engineId: string, link: LinkInfo, network: BridgeNetwork): boolean {
  const mark = parseAlias(engineId, link.alias);
  return mark?.resource === 'network' && mark.id === network.id;
}

/**
 * Makes the bridge with its address. A bridge that the operator named and that exists is used as it is; anything else of
 * that name is refused.
 */
export async function ensureBridge(kernel: Kernel, engineId: string, network: BridgeNetwork): Promise<void> {
  const { bridge, id, gateway, mtu } = network;
  const found = find(await kernel.links.list(), bridge);
  if (found !== undefined && found.kind !== 'bridge') {
    throw new ShiplogError('REQUEST_INVALID', `${bridge} is an interface of this host and no bridge; choose another name`, {
      bridge,
      kind: found.kind,
    });
  }
  if (found === undefined || isOurs(engineId, found, network)) {
    const mark = alias(engineId, 'network', id);
    await kernel.links.createBridge(bridge, { mac: bridgeMac(id), alias: mark, up: true, ...(mtu === undefined ? {} : { mtu }) });
  } else if (network.named && parseAlias(engineId, found.alias) === undefined) {
    await kernel.links.up(bridge);
  } else {
    throw new ShiplogError('REQUEST_INVALID', `bridge ${bridge} belongs to another network; choose another name`, { bridge });
  }
  await kernel.links.addAddress(bridge, gateway);
  // Without it the host cannot send from 127.0.0.1 into the bridge, and localhost would not reach published ports.
  await kernel.namespaces.setSysctl(`net/ipv4/conf/${bridge}/route_localnet`, '1');
  await disableIpv6(kernel, bridge);
}

/** Link-local IPv6 would lead around every rule of an IPv4 table. */
async function disableIpv6(kernel: Kernel, bridge: string): Promise<void> {
  try {
    await kernel.namespaces.setSysctl(`net/ipv6/conf/${bridge}/disable_ipv6`, '1');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Removes the bridge if it is this network's own. */
export async function removeBridge(kernel: Kernel, engineId: string, network: BridgeNetwork): Promise<void> {
  const found = find(await kernel.links.list(), network.bridge);
  if (found !== undefined && isOurs(engineId, found, network)) await kernel.links.remove(network.bridge);
}
