import { AF_INET, broadcast, prefix } from './ipv4.ts';
import { attribute, attributes, type NetlinkRequest, NLM_F_CREATE, NLM_F_EXCL, type RouteSocket } from './rtnetlink.ts';

/** linux/rtnetlink.h, linux/if_addr.h. */
const RTM = { NEWADDR: 20, GETADDR: 22 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2, BROADCAST: 4 } as const;

/** Gives a link an address; one that it has is well. */
export function newAddress(index: number, cidr: string, name: string): NetlinkRequest {
  const { address, length } = prefix(cidr);
  const header = Buffer.alloc(8);
  header.writeUInt8(AF_INET, 0);
  header.writeUInt8(length, 1);
  header.writeUInt32LE(index, 4);
  const parts = [attribute(IFA.LOCAL, address), attribute(IFA.ADDRESS, address)];
  if (length < 31) parts.push(attribute(IFA.BROADCAST, broadcast({ address, length })));
  return {
    type: RTM.NEWADDR,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: Buffer.concat([header, ...parts]),
    facts: { link: name, address: cidr },
    accept: ['EEXIST'],
  };
}

/** IPv4 addresses with their lengths, by the link's index. */
export function readAddresses(socket: RouteSocket): ReadonlyMap<number, readonly string[]> {
  const addresses = new Map<number, string[]>();
  const header = Buffer.alloc(8);
  header.writeUInt8(AF_INET, 0);
  for (const { body } of socket.dump({ type: RTM.GETADDR, body: header, facts: {} })) {
    const found = attributes(body.subarray(8));
    const address = found.get(IFA.LOCAL) ?? found.get(IFA.ADDRESS);
    const index = body.readInt32LE(4);
    if (address === undefined) continue;
    addresses.set(index, [...(addresses.get(index) ?? []), `${[...address].join('.')}/${body.readUInt8(1)}`]);
  }
  return addresses;
}
