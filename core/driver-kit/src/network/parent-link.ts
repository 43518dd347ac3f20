import { type Kernel, type NetworkDriver, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '../errno.ts';
import { isLinkAlias, linkAlias, networkLinkName, parseLinkAlias } from './link-mark.ts';

type NetworkArgs = Parameters<NetworkDriver['createNetwork']>[0]['network'];

/** The link of the host that a network's endpoints are stacked on. */
export interface ParentLink {
  readonly name: string;
  /** There is no way out: the parent is a bridge without ports, which the driver makes. */
  readonly isolated: boolean;
}

/** Reads the option `parent`. Throws REQUEST_INVALID for one that cannot be meant. */
export function parentOf({ id, internal, options }: NetworkArgs): ParentLink {
  const parent = options['parent'] ?? '';
  if (parent === '') return { name: networkLinkName(id), isolated: true };
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(parent)) {
    throw new ShiplogError('REQUEST_INVALID', `invalid parent interface name: ${parent}`, { parent });
  }
  if (internal) {
    throw new ShiplogError('REQUEST_INVALID', `an internal network has no parent interface; leave out the option parent=${parent}`, {
      parent,
    });
  }
  return { name: parent, isolated: false };
}

/** `eth0.50` is VLAN 50 of eth0. */
function vlanOf(name: string): { readonly lower: string; readonly id: number } | undefined {
  const [, lower, digits] = /^(.+)\.(\d{1,4})$/.exec(name) ?? [];
  const id = Number(digits);
  return lower !== undefined && id >= 1 && id <= 4094 ? { lower, id } : undefined;
}

/**
 * Makes sure of a network's parent: one of the operator's is used as it is and must be there; `<link>.<VLAN>` that is not there is made; a
 * network without a parent gets a bridge without ports. What was made carries the network's mark. May be repeated.
 */
export async function ensureParent(kernel: Kernel, engineId: string, network: NetworkArgs): Promise<void> {
  const parent = parentOf(network);
  const links = await kernel.links.list();
  const found = links.find(({ name }) => name === parent.name);
  const ours = parseLinkAlias(engineId, found?.alias)?.id === network.id;
  const alias = linkAlias(engineId, { resource: 'network', id: network.id });
  if (found !== undefined && !ours && (parent.isolated || isLinkAlias(found.alias))) {
    throw new ShiplogError('REQUEST_INVALID', `${parent.name} is another network's link; choose another parent`, { parent: parent.name });
  }
  if (parent.isolated) {
    // No hardware address is set: that makes the kernel count the bridge's ports, and take the carrier away because there are none.
    await kernel.links.createBridge(parent.name, { alias, up: true });
    await disableIpv6(kernel, parent.name);
    return;
  }
  if (found !== undefined) {
    if (ours) await kernel.links.up(parent.name);
    return;
  }
  const vlan = vlanOf(parent.name);
  if (vlan === undefined || !links.some(({ name }) => name === vlan.lower)) {
    const missing = vlan?.lower ?? parent.name;
    throw new ShiplogError('REQUEST_INVALID', `there is no interface ${missing} to be the parent of network ${network.name}`, {
      parent: parent.name,
    });
  }
  await kernel.links.createStacked(vlan.lower, { kind: 'vlan', id: vlan.id }, { name: parent.name, alias, up: true });
}

/** Removes what `ensureParent` made, and with it all that is stacked on it. The operator's link stays. */
export async function removeParent(kernel: Kernel, engineId: string, network: NetworkArgs): Promise<void> {
  const { name } = parentOf(network);
  const found = (await kernel.links.list()).find((link) => link.name === name);
  if (parseLinkAlias(engineId, found?.alias)?.id === network.id) await kernel.links.remove(name);
}

/** The host is no member of an isolated network, not even by link-local addresses. */
async function disableIpv6(kernel: Kernel, link: string): Promise<void> {
  try {
    await kernel.namespaces.setSysctl(`net/ipv6/conf/${link}/disable_ipv6`, '1');
  } catch (error) {
    // A kernel without IPv6 has nothing to disable.
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
