import { type Kernel, type LinkInfo, ShiplogError } from '@shiplog/contracts';
import { errnoOf, isLinkAlias, linkAlias, networkMac, parseLinkAlias } from '@shiplog/driver-kit';
import type { BridgeNetwork } from './network.ts';

function find(links: readonly LinkInfo[], name: string): LinkInfo | undefined {
  return links.find((link) => link.name === name);
}

function isOurs(engineId: string, link: LinkInfo, network: BridgeNetwork): boolean {
  const mark = parseLinkAlias(engineId, link.alias);
  return mark?.resource === 'network' && mark.id === network.id;
}

/** What stands at the bridge's name: nothing, this network's bridge, one that the operator made and named, or something else. */
export type Standing = 'missing' | 'ours' | 'operators' | 'foreign';

/** Looks who has the bridge's name. */
export async function standingOf(kernel: Kernel, engineId: string, network: BridgeNetwork): Promise<Standing> {
  const found = find(await kernel.links.list(), network.bridge);
  if (found === undefined) return 'missing';
  if (isOurs(engineId, found, network)) return 'ours';
  // Any alias of Shiplog's marks another network's bridge, or another engine's.
  const free = network.named && found.kind === 'bridge' && !isLinkAlias(found.alias);
  return free ? 'operators' : 'foreign';
}

/** Makes the bridge with its address; one of the operator's is used as it is. Throws REQUEST_INVALID if the name is taken. */
export async function ensureBridge(kernel: Kernel, engineId: string, network: BridgeNetwork, standing: Standing): Promise<void> {
  const { bridge, id, gateway, mtu } = network;
  if (standing === 'foreign') {
    throw new ShiplogError('REQUEST_INVALID', `${bridge} is another network's bridge, or no bridge at all; choose another name`, {
      bridge,
    });
  }
  if (standing === 'operators') {
    await kernel.links.up(bridge);
  } else {
    const mark = linkAlias(engineId, { resource: 'network', id });
    await kernel.links.createBridge(bridge, { mac: networkMac(id), alias: mark, up: true, ...(mtu === undefined ? {} : { mtu }) });
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
