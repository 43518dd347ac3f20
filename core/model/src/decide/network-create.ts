import { type CommandArgs, ShiplogError, type StateView } from '@shiplog/contracts';
import { defaultSubnet } from '../network/default-subnet.ts';
import { broadcastOf, contains, formatIpv4, formatSubnet, overlap, parseIpv4, parseSubnet, type Subnet } from '../network/ipv4.ts';
import { findNetworkByName } from '../projections/find-network.ts';
import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/** Names the engine keeps for its own networks; `default` is another word for bridge. */
const RESERVED = new Set(['bridge', 'host', 'none', 'default']);
/** Drivers that give no addresses, and of which one network is enough. */
const ADDRESSLESS = new Set(['host', 'none']);

/** Whether the engine is to find a subnet that is free. */
export function choosesSubnet({ driver, subnet = '' }: Pick<CommandArgs['network.create'], 'driver' | 'subnet'>): boolean {
  return subnet === '' && !ADDRESSLESS.has(driver);
}

/** `givens.ids[0]` is the network's id. The gateway is the subnet's first address unless one is given. */
export const decideNetworkCreate: Decider<'network.create'> = (view, { args, givens }) => {
  const id = takeId(givens, 0);
  const { name, driver, internal, options, labels, predefined = false, sealed } = args;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    throw new ShiplogError('NAME_INVALID', `invalid network name "${name}", only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`, { name });
  }
  if (!predefined && RESERVED.has(name)) {
    throw new ShiplogError('NETWORK_PREDEFINED', `operation is not permitted on predefined ${name} network`, { name });
  }
  if (findNetworkByName(view.networks, name) !== undefined) {
    throw new ShiplogError('NETWORK_NAME_IN_USE', `network with name ${name} already exists`, { name });
  }
  if (!predefined && ADDRESSLESS.has(driver)) {
    throw new ShiplogError('NETWORK_PREDEFINED', `only one instance of "${driver}" network is allowed`, { driver });
  }
  const { subnet, gateway } = addressing(view, args, givens.subnets);
  return {
    decided: { id, name, driver, subnet, gateway, internal, predefined, options, labels, ...(sealed === undefined ? {} : { sealed }) },
    expected: 'no-stream',
    tags: [`network:${name}`, ...(subnet === '' ? [] : [`subnet:${subnet}`])],
  };
};

function addressing(
  view: StateView,
  args: CommandArgs['network.create'],
  onHost: readonly string[] = [],
): { readonly subnet: string; readonly gateway: string } {
  const { subnet: asked = '', gateway: wanted = '', driver, predefined = false } = args;
  if (ADDRESSLESS.has(driver)) {
    if (asked !== '' || wanted !== '')
      throw new ShiplogError('REQUEST_INVALID', `driver ${driver} takes no subnet and no gateway`, { driver });
    return { subnet: '', gateway: '' };
  }
  if (asked === '' && wanted !== '') throw new ShiplogError('REQUEST_INVALID', `gateway ${wanted} needs a subnet`, { gateway: wanted });
  const subnet = asked === '' ? parseSubnet(defaultSubnet(view.networks.values(), predefined, onHost)) : checkSubnet(view, asked);
  if (subnet === undefined) throw new ShiplogError('INTERNAL', 'the default subnet is no subnet');
  return { subnet: formatSubnet(subnet), gateway: wanted === '' ? formatIpv4(subnet.base + 1) : checkGateway(subnet, wanted) };
}

function checkSubnet(view: StateView, cidr: string): Subnet {
  if (cidr.includes(':'))
    throw new ShiplogError('NOT_SUPPORTED', `subnet ${cidr}: IPv6 is not there yet, give an IPv4 subnet`, { subnet: cidr });
  const subnet = parseSubnet(cidr);
  if (subnet === undefined) throw new ShiplogError('REQUEST_INVALID', `invalid subnet ${cidr}: expected a.b.c.d/n`, { subnet: cidr });
  if (formatSubnet(subnet) !== cidr) {
    throw new ShiplogError('REQUEST_INVALID', `invalid subnet ${cidr}: it should be ${formatSubnet(subnet)}`, { subnet: cidr });
  }
  if (subnet.prefixLength < 8 || subnet.prefixLength > 30) {
    throw new ShiplogError('REQUEST_INVALID', `invalid subnet ${cidr}: the prefix length must be from 8 to 30`, { subnet: cidr });
  }
  for (const network of view.networks.values()) {
    const other = parseSubnet(network.subnet);
    if (other === undefined || !overlap(subnet, other)) continue;
    throw new ShiplogError(
      'NETWORK_SUBNET_OVERLAP',
      `invalid pool request: Pool overlaps with other one on this address space: ${cidr} and ${network.subnet} of network ${network.name}`,
      { subnet: cidr, network: network.id },
    );
  }
  return subnet;
}

function checkGateway(subnet: Subnet, text: string): string {
  const address = parseIpv4(text);
  if (address === undefined || !contains(subnet, address) || address === subnet.base || address === broadcastOf(subnet)) {
    throw new ShiplogError('REQUEST_INVALID', `no matching subnet for gateway ${text}: it must be an address of ${formatSubnet(subnet)}`, {
      gateway: text,
    });
  }
  return text;
}
