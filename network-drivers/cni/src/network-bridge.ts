import { type Kernel, type NetworkDriver, ShiplogError } from '@shiplog/contracts';
import { errnoOf, isLinkAlias, linkAlias, networkMac, parseLinkAlias } from '@shiplog/driver-kit';
import type { NetworkBridge } from './execution.ts';

type Network = Parameters<NetworkDriver['createNetwork']>[0]['network'];

/** Where the plugin `firewall` keeps which bridges do not talk to each other; it never takes a bridge out of them. */
const ISOLATION = ['CNI-ISOLATION-STAGE-1', 'CNI-ISOLATION-STAGE-2'] as const;

/**
 * Makes the bridge that a network's plugins will find, marked as the network's: they make one where there is none, and never remove it. A bridge of the
 * operator that a list names is used and left. Throws REQUEST_INVALID if the name is another's. May be repeated.
 */
export async function ensureBridge(
  kernel: Kernel,
  engineId: string,
  { id, gateway, subnet }: Network,
  { name, named, isGateway }: NetworkBridge,
): Promise<void> {
  const found = (await kernel.links.list()).find((link) => link.name === name);
  const isOurs = parseLinkAlias(engineId, found?.alias)?.id === id;
  if (found !== undefined && !isOurs) {
    if (named && found.kind === 'bridge' && !isLinkAlias(found.alias)) return;
    throw new ShiplogError('REQUEST_INVALID', `${name} is another network's bridge, or no bridge at all; name another in the list`, {
      bridge: name,
    });
  }
  const alias = linkAlias(engineId, { resource: 'network', id });
  await kernel.links.createBridge(name, { mac: networkMac(id), alias, up: true });
  if (isGateway) await kernel.links.addAddress(name, `${gateway}/${subnet.split('/')[1] ?? ''}`);
}

/** Removes the bridge that was made for a network, with what plugins wrote about it. Succeeds when there is none. */
export async function removeBridge(kernel: Kernel, engineId: string, networkId: string): Promise<void> {
  const bridge = await bridgeOfNetwork(kernel, engineId, networkId);
  if (bridge === undefined) return;
  await forgetIsolation(kernel, bridge);
  await kernel.links.remove(bridge);
}

/** Takes back what plugins wrote about the bridge of a network that nothing is attached to. One of the operator is the operator's. */
export async function clearBridge(kernel: Kernel, engineId: string, networkId: string): Promise<void> {
  const bridge = await bridgeOfNetwork(kernel, engineId, networkId);
  if (bridge !== undefined) await forgetIsolation(kernel, bridge);
}

async function bridgeOfNetwork(kernel: Kernel, engineId: string, id: string): Promise<string | undefined> {
  const links = await kernel.links.list();
  return links.find(({ alias }) => {
    const mark = parseLinkAlias(engineId, alias);
    return mark?.resource === 'network' && mark.id === id;
  })?.name;
}

/** Deletes the rules that name `bridge`, which is this network's alone, and no others. */
async function forgetIsolation(kernel: Kernel, bridge: string): Promise<void> {
  const rules = await Promise.all(ISOLATION.map((chain) => rulesNaming(kernel, chain, bridge)));
  const script = rules.flat().map(({ chain, handle }) => `delete rule ip filter ${chain} handle ${handle}\n`);
  if (script.length > 0) await kernel.firewall.apply(script.join(''));
}

async function rulesNaming(
  kernel: Kernel,
  chain: string,
  bridge: string,
): Promise<readonly { readonly chain: string; readonly handle: number }[]> {
  try {
    const objects = await kernel.firewall.list(`list chain ip filter ${chain}`);
    return objects.flatMap(({ rule }) => {
      const { handle, expr } = (rule ?? {}) as {
        readonly handle?: number;
        readonly expr?: readonly { readonly match?: { readonly right?: unknown } }[];
      };
      const names = expr?.some(({ match }) => match?.right === bridge) === true;
      return names && handle !== undefined ? [{ chain, handle }] : [];
    });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
