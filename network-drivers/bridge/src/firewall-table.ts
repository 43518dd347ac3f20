import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';
import type { BridgeNetwork } from './network.ts';
import { networkScript, tableScript, withoutNetworkScript } from './ruleset.ts';

/** Makes the table if it is missing, and puts the network into it. */
export async function admitNetwork(kernel: Kernel, table: string, network: BridgeNetwork): Promise<void> {
  try {
    await kernel.firewall.apply(tableScript(table) + networkScript(table, network));
  } catch (error) {
    // The sets of subnets take no overlaps.
    if (errnoOf(error) !== 'EEXIST') throw error;
    throw new ShiplogError(
      'NETWORK_SUBNET_OVERLAP',
      `subnet ${network.subnet} overlaps with that of another network`,
      { subnet: network.subnet },
      { cause: error },
    );
  }
}

/** Takes the network out of the table, and the table away when no network is left. */
export async function dismissNetwork(kernel: Kernel, table: string, network: BridgeNetwork): Promise<void> {
  const bridges = await admittedBridges(kernel, table);
  if (bridges === undefined) return;
  if (bridges.every((bridge) => bridge === network.bridge)) await kernel.firewall.apply(`delete table ip ${table}\n`);
  else if (bridges.includes(network.bridge)) await kernel.firewall.apply(withoutNetworkScript(table, network));
}

/** Bridges in the table; undefined without a table. */
async function admittedBridges(kernel: Kernel, table: string): Promise<readonly string[] | undefined> {
  try {
    const [object] = await kernel.firewall.list(`list set ip ${table} bridges`);
    return (object?.['set'] as { elem?: readonly string[] } | undefined)?.elem ?? [];
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
