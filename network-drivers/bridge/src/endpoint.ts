import { type Kernel, type NetworkDriver, ShiplogError } from '@shiplog/contracts';
import { errnoOf, linkAlias } from '@shiplog/driver-kit';
import { vethName } from './names.ts';
import type { BridgeNetwork } from './network.ts';

type Attach = Parameters<NetworkDriver['attach']>[0];

/**
 * Puts one end of a veth pair into the sandbox and the other on the bridge. An endpoint that is there as asked is kept; a
 * half-made or old one of the same id is replaced. Nothing stays after a failure.
 */
export async function connect(kernel: Kernel, engineId: string, network: BridgeNetwork, args: Attach): Promise<string> {
  const { id, sandbox, ifName, address, mac, gateway, defaultRoute } = args;
  if (sandbox === undefined) {
    throw new ShiplogError('REQUEST_INVALID', `endpoint ${id} needs a network namespace to attach to`, { endpoint: id });
  }
  const name = vethName(id);
  const make = (): Promise<void> =>
    kernel.links.createVeth(
      name,
      {
        name: ifName,
        namespace: sandbox,
        mac,
        up: true,
        addresses: [address],
        routes: defaultRoute && !network.internal ? [{ to: 'default', via: gateway }] : [],
        disableIpv6: true,
      },
      {
        master: network.bridge,
        up: true,
        alias: linkAlias(engineId, { resource: 'endpoint', id }),
        hairpin: true,
        isolated: !network.talk,
        ...(network.mtu === undefined ? {} : { mtu: network.mtu }),
      },
    );
  try {
    await make();
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    if (await isConnected(kernel, network, name, args, sandbox)) return name;
    await kernel.links.remove(name);
    await make();
  }
  return name;
}

async function isConnected(
  kernel: Kernel,
  network: BridgeNetwork,
  name: string,
  { ifName, address, mac }: Attach,
  sandbox: string,
): Promise<boolean> {
  const near = (await kernel.links.list()).find((link) => link.name === name);
  const far = (await kernel.links.list(sandbox)).find((link) => link.name === ifName);
  if (near === undefined || far === undefined) return false;
  const asked = mac === '' || far.mac === mac.toLowerCase();
  return near.up && near.master === network.bridge && far.kind === 'veth' && far.up && far.addresses.includes(address) && asked;
}

/** Removes the pair, both ends. Succeeds when there is none. */
export async function disconnect(kernel: Kernel, id: string): Promise<void> {
  await kernel.links.remove(vethName(id));
}
