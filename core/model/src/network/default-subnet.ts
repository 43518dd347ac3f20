import { ShiplogError, type NetworkRecord } from '@shiplog/contracts';
import { formatSubnet, overlap, parseSubnet, type Subnet } from './ipv4.ts';

/**
 * The first private subnet (RFC 1918) that no network and no route of the host overlaps: 172.18.0.0/16 to 172.31.0.0/16, then 192.168.0.0/20 and
 * on; the predefined network tries 172.17.0.0/16 first, as Docker's does. Throws ADDRESS_POOL_EXHAUSTED.
 */
export function defaultSubnet(networks: Iterable<NetworkRecord>, predefined: boolean, onHost: readonly string[]): string {
  const taken = [...[...networks].map(({ subnet }) => subnet), ...onHost].map(parseSubnet).filter((subnet) => subnet !== undefined);
  for (const candidate of candidates(predefined)) if (!taken.some((subnet) => overlap(subnet, candidate))) return formatSubnet(candidate);
  throw new ShiplogError('ADDRESS_POOL_EXHAUSTED', 'all predefined address pools have been fully subnetted; give a subnet', {
    networks: taken.length,
  });
}

function* candidates(predefined: boolean): Generator<Subnet> {
  for (let second = predefined ? 17 : 18; second <= 31; second++) yield known(`172.${second}.0.0/16`);
  for (let third = 0; third <= 240; third += 16) yield known(`192.168.${third}.0/20`);
}

function known(cidr: string): Subnet {
  const subnet = parseSubnet(cidr);
  if (subnet === undefined) throw new ShiplogError('INTERNAL', `${cidr} is no subnet`);
  return subnet;
}
