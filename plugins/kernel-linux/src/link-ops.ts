import { closeSync, openSync, writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import type { LinkInfo, StackedKind, StackedLink, VethOptions, VethPeer } from '@shiplog/contracts';
import { errnoOf, kernelError, Refusal } from './kernel-error.ts';
import { attribute, attributes, type NetlinkRequest, RouteSocket, text, textOf, word } from './rtnetlink.ts';
import { stackedData } from './stacked-data.ts';
import { visit } from './visit.ts';

/** linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/veth.h. What stacked links need is in `stacked-data.ts`. */
const RTM = { NEWLINK: 16, DELLINK: 17, GETLINK: 18, NEWADDR: 20, GETADDR: 22, NEWROUTE: 24, GETROUTE: 26 } as const;
const IFLA = { ADDRESS: 1, IFNAME: 3, MTU: 4, LINK: 5, MASTER: 10, LINKINFO: 18, IFALIAS: 20, NET_NS_FD: 28 } as const;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const VETH_INFO_PEER = 1;
const IFLA_BRPORT_MODE = 4;
const IFLA_BRPORT_ISOLATED = 33;
const IFA = { ADDRESS: 1, LOCAL: 2, BROADCAST: 4 } as const;
const RTA = { DST: 1, OIF: 4, GATEWAY: 5, TABLE: 15 } as const;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;
const AF_INET = 2;
const IFF_UP = 1;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;

/** What can be said of a link in one request. */
export interface LinkChange {
  readonly up?: boolean | undefined;
  readonly mac?: string | undefined;
  readonly master?: number | undefined;
  readonly mtu?: number | undefined;
  readonly alias?: string | undefined;
  /** These two only for a port of a bridge. */
  readonly hairpin?: boolean | undefined;
  readonly isolated?: boolean | undefined;
}

export interface Route {
  readonly to: string;
  readonly via?: string;
  readonly device?: string;
}

interface Prefix {
  readonly address: Uint8Array;
  readonly length: number;
}

function linkName(name: string): string {
  if (/^[^\s/:]{1,15}$/.test(name) && name !== '.' && name !== '..') return name;
  throw kernelError('rtnetlink', 'EINVAL', { name, reason: 'an interface name has 1 to 15 bytes, no blank, / or :' });
}

function macBytes(mac: string): Uint8Array {
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) return Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
  throw kernelError('rtnetlink', 'EINVAL', { mac, reason: 'not a hardware address' });
}

function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number);
  throw new Refusal('NOT_SUPPORTED', `not an IPv4 address: ${address}`, { address });
}

/** Reads `a.b.c.d/n`; without `/n` it is one host. */
function prefix(cidr: string): Prefix {
  const [address = '', length = '32'] = cidr.split('/');
  const bits = Number(length);
  if (!/^\d+$/.test(length) || bits > 32) throw kernelError('rtnetlink', 'EINVAL', { cidr, reason: 'not a CIDR' });
  return { address: addressBytes(address), length: bits };
}

/** The last address of a prefix. */
function broadcast({ address, length }: Prefix): Uint8Array {
  return address.map((byte, index) => byte | (0xff >> Math.min(8, Math.max(0, length - index * 8))));
}

/** struct ifinfomsg; links are always named by name here. */
function linkHeader(change: { readonly up?: boolean | undefined } = {}): Uint8Array {
  const bytes = Buffer.alloc(16);
  if (change.up !== undefined) {
    bytes.writeUInt32LE(change.up ? IFF_UP : 0, 8);
    bytes.writeUInt32LE(IFF_UP, 12);
  }
  return bytes;
}

function linkAttributes(change: LinkChange): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  if (change.mac !== undefined && change.mac !== '') parts.push(attribute(IFLA.ADDRESS, macBytes(change.mac)));
  if (change.mtu !== undefined) parts.push(word(IFLA.MTU, change.mtu));
  if (change.master !== undefined) parts.push(word(IFLA.MASTER, change.master));
  // Unlike names, an alias counts no terminating zero.
  if (change.alias !== undefined) parts.push(attribute(IFLA.IFALIAS, Buffer.from(change.alias)));
  const port: Uint8Array[] = [];
  if (change.hairpin !== undefined) port.push(attribute(IFLA_BRPORT_MODE, Uint8Array.of(change.hairpin ? 1 : 0)));
  if (change.isolated !== undefined) port.push(attribute(IFLA_BRPORT_ISOLATED, Uint8Array.of(change.isolated ? 1 : 0)));
  if (port.length > 0) {
    parts.push(attribute(IFLA.LINKINFO, [text(IFLA_INFO_SLAVE_KIND, 'bridge'), attribute(IFLA_INFO_SLAVE_DATA, port)]));
  }
  return parts;
}

function changeLink(name: string, change: LinkChange, facts: NetlinkRequest['facts'] = {}): NetlinkRequest {
  return {
    type: RTM.NEWLINK,
    body: Buffer.concat([linkHeader(change), text(IFLA.IFNAME, linkName(name)), ...linkAttributes(change)]),
    facts: { link: name, ...facts },
  };
}

function createLink(name: string, kind: string, change: LinkChange, data: readonly Uint8Array[] = []): NetlinkRequest {
  const info = [text(IFLA_INFO_KIND, kind), ...(data.length === 0 ? [] : [attribute(IFLA_INFO_DATA, data)])];
  return {
    type: RTM.NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: Buffer.concat([linkHeader(change), text(IFLA.IFNAME, linkName(name)), ...linkAttributes(change), attribute(IFLA.LINKINFO, info)]),
    facts: { link: name, kind },
  };
}

export function deleteLink(name: string): NetlinkRequest {
  return {
    type: RTM.DELLINK,
    body: Buffer.concat([linkHeader(), text(IFLA.IFNAME, linkName(name))]),
    facts: { link: name },
    accept: ['ENODEV'],
  };
}

function newAddress(index: number, cidr: string, name: string): NetlinkRequest {
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

/** struct rtmsg and its attributes; `index` is the device's, if one is named. */
function newRoute(route: Route, index: number | undefined): NetlinkRequest {
  const to = route.to === 'default' ? prefix('0.0.0.0/0') : prefix(route.to);
  const header = Buffer.alloc(12);
  header.writeUInt8(AF_INET, 0);
  header.writeUInt8(to.length, 1);
  header.writeUInt8(RT_TABLE_MAIN, 4);
  header.writeUInt8(RTPROT_STATIC, 5);
  header.writeUInt8(route.via === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE, 6);
  header.writeUInt8(RTN_UNICAST, 7);
  const parts: Uint8Array[] = [header];
  if (to.length > 0) parts.push(attribute(RTA.DST, to.address));
  if (route.via !== undefined) parts.push(attribute(RTA.GATEWAY, addressBytes(route.via)));
  if (index !== undefined) parts.push(word(RTA.OIF, index));
  return {
    type: RTM.NEWROUTE,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: Buffer.concat(parts),
    facts: { to: route.to, via: route.via, device: route.device },
  };
}

function indexOf(socket: RouteSocket, name: string): number {
  const body = Buffer.concat([linkHeader(), text(IFLA.IFNAME, linkName(name))]);
  return socket.get({ type: RTM.GETLINK, body, facts: { link: name } }).readInt32LE(4);
}

function readLink(body: Buffer): LinkInfo & { readonly masterIndex: number } {
  const found = attributes(body.subarray(16));
  const info = attributes(found.get(IFLA.LINKINFO) ?? Buffer.alloc(0));
  const alias = textOf(found.get(IFLA.IFALIAS));
  return {
    index: body.readInt32LE(4),
    name: textOf(found.get(IFLA.IFNAME)),
    ...(alias === '' ? {} : { alias }),
    kind: textOf(info.get(IFLA_INFO_KIND)),
    up: (body.readUInt32LE(8) & IFF_UP) !== 0,
    mac: [...(found.get(IFLA.ADDRESS) ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
    addresses: [],
    masterIndex: found.get(IFLA.MASTER)?.readInt32LE(0) ?? 0,
  };
}

interface FoundRoute {
  readonly to: string;
  readonly via: string;
  readonly index: number;
}

/** IPv4 routes of the main table. */
function readRoutes(socket: RouteSocket): readonly FoundRoute[] {
  const header = Buffer.alloc(12);
  header.writeUInt8(AF_INET, 0);
  const routes: FoundRoute[] = [];
  for (const { body } of socket.dump({ type: RTM.GETROUTE, body: header, facts: {} })) {
    const found = attributes(body.subarray(12));
    const table = found.get(RTA.TABLE)?.readUInt32LE(0) ?? body.readUInt8(4);
    if (table !== RT_TABLE_MAIN || body.readUInt8(7) !== RTN_UNICAST) continue;
    const length = body.readUInt8(1);
    routes.push({
      to: length === 0 ? 'default' : `${[...(found.get(RTA.DST) ?? [0, 0, 0, 0])].join('.')}/${length}`,
      via: [...(found.get(RTA.GATEWAY) ?? [])].join('.'),
      index: found.get(RTA.OIF)?.readInt32LE(0) ?? 0,
    });
  }
  return routes;
}

/** Adds a route; one that is there with the same way is taken as success, another way is EEXIST. */
function ensureRoute(socket: RouteSocket, route: Route): void {
  const index = route.device === undefined ? undefined : indexOf(socket, route.device);
  try {
    socket.talk([newRoute(route, index)]);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const to = route.to.includes('/') || route.to === 'default' ? route.to : `${route.to}/32`;
    const same = readRoutes(socket).some(
      (found) => found.to === to && found.via === (route.via ?? '') && (index === undefined || found.index === index),
    );
    if (!same) throw error;
  }
}

/** A socket of the namespace for the time of `work`. A socket stays in the namespace it was opened in. */
function withSocket<T>(namespace: string | undefined, work: (socket: RouteSocket) => T): T {
  const socket = visit(namespace, () => new RouteSocket());
  try {
    return work(socket);
  } finally {
    socket.close();
  }
}

/** Puts a new link in order, in its own namespace. */
function setUp(peer: StackedLink): void {
  const socket = visit(peer.namespace, () => {
    if (peer.disableIpv6 === true) disableIpv6(peer.name);
    return new RouteSocket();
  });
  try {
    const index = indexOf(socket, peer.name);
    socket.talk([
      // The kernel ignores an alias while a link is made.
      ...(peer.alias === undefined ? [] : [changeLink(peer.name, { alias: peer.alias })]),
      ...(peer.addresses ?? []).map((cidr) => newAddress(index, cidr, peer.name)),
      ...(peer.up === true ? [changeLink(peer.name, { up: true })] : []),
      ...(peer.routes ?? []).map((route) => newRoute({ ...route, device: peer.name }, index)),
    ]);
  } finally {
    socket.close();
  }
}

function disableIpv6(device: string): void {
  try {
    writeFileSync(`/proc/sys/net/ipv6/conf/${device}/disable_ipv6`, '1');
  } catch (error) {
    // A kernel without IPv6 has nothing to disable.
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Brings up `lo` in the namespace the thread is in. */
export function setLoopbackUp(): void {
  withSocket(undefined, (socket) => socket.talk([changeLink('lo', { up: true })]));
}

/** What runs in a kernel thread. */
export const linkOps = {
  createBridge(name: string, options: LinkChange): void {
    withSocket(undefined, (socket) => {
      try {
        // The kernel ignores an alias while a link is made; the second request sets it.
        socket.talk([createLink(name, 'bridge', { mac: options.mac, mtu: options.mtu })]);
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error;
        const body = Buffer.concat([linkHeader(), text(IFLA.IFNAME, name)]);
        const found = readLink(socket.get({ type: RTM.GETLINK, body, facts: { link: name } }));
        if (found.kind !== 'bridge') throw error;
      }
      if (Object.values(options).some((value) => value !== undefined)) socket.talk([changeLink(name, options)]);
    });
  },

  createVeth(name: string, peer: VethPeer, options: VethOptions): void {
    const fd = peer.namespace === undefined ? undefined : openSync(peer.namespace, 'r');
    try {
      withSocket(undefined, (socket) => {
        const far = Buffer.concat([
          linkHeader(),
          text(IFLA.IFNAME, linkName(peer.name)),
          ...linkAttributes({ mac: peer.mac, mtu: options.mtu }),
          ...(fd === undefined ? [] : [word(IFLA.NET_NS_FD, fd)]),
        ]);
        const master = options.master === undefined ? undefined : indexOf(socket, options.master);
        const data = [attribute(VETH_INFO_PEER, far)];
        socket.talk([createLink(name, 'veth', { master, mtu: options.mtu, up: options.up }, data)]);
        try {
          // The kernel ignores these while a link is made.
          const { alias, hairpin, isolated } = options;
          if (alias !== undefined || hairpin !== undefined || isolated !== undefined) {
            socket.talk([changeLink(name, { alias, hairpin, isolated })]);
          }
          setUp(peer);
        } catch (error) {
          socket.talk([deleteLink(name)]);
          throw error;
        }
      });
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  },

  createStacked(parent: string, kind: StackedKind, link: StackedLink): void {
    const fd = link.namespace === undefined ? undefined : openSync(link.namespace, 'r');
    try {
      withSocket(undefined, (socket) => {
        const place = [word(IFLA.LINK, indexOf(socket, parent)), ...(fd === undefined ? [] : [word(IFLA.NET_NS_FD, fd)])];
        const request = createLink(link.name, kind.kind, { mac: link.mac, mtu: link.mtu }, stackedData(kind));
        try {
          socket.talk([{ ...request, body: Buffer.concat([request.body, ...place]), facts: { ...request.facts, parent } }]);
        } catch (error) {
          if (errnoOf(error) !== 'EOPNOTSUPP') throw error;
          throw new Refusal('NOT_SUPPORTED', `this kernel has no ${kind.kind} links; load its module, if there is one`, {
            kind: kind.kind,
          });
        }
      });
      try {
        setUp(link);
      } catch (error) {
        withSocket(link.namespace, (socket) => socket.talk([deleteLink(link.name)]));
        throw error;
      }
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  },

  /** Asks for a link that is stacked on nothing: refused by the kind, if the kernel has it. */
  supportsLink(kind: StackedKind['kind']): boolean {
    return withSocket(undefined, (socket) => {
      try {
        socket.talk([createLink('shiplog-probe', kind, {})]);
      } catch (error) {
        return errnoOf(error) !== 'EOPNOTSUPP';
      }
      socket.talk([deleteLink('shiplog-probe')]);
      return true;
    });
  },

  removeLink(name: string, namespace?: string): void {
    withSocket(namespace, (socket) => socket.talk([deleteLink(name)]));
  },

  /** Waits for the lock that links are changed under, so it sees a removal whole or not at all. */
  hasLink(name: string): boolean {
    return withSocket(undefined, (socket) => {
      try {
        socket.talk([changeLink(name, {})]);
        return true;
      } catch (error) {
        if (errnoOf(error) === 'ENODEV') return false;
        throw error;
      }
    });
  },

  changeLink(name: string, change: LinkChange, namespace?: string): void {
    withSocket(namespace, (socket) => socket.talk([changeLink(name, change)]));
  },

  setMaster(name: string, bridge: string): void {
    withSocket(undefined, (socket) => socket.talk([changeLink(name, { master: indexOf(socket, bridge) }, { bridge })]));
  },

  addAddress(name: string, cidr: string, namespace?: string): void {
    withSocket(namespace, (socket) => socket.talk([newAddress(indexOf(socket, name), cidr, name)]));
  },

  addRoute(route: Route, namespace?: string): void {
    withSocket(namespace, (socket) => ensureRoute(socket, route));
  },

  listLinks(namespace?: string): readonly LinkInfo[] {
    return withSocket(namespace, (socket) => {
      const links = socket.dump({ type: RTM.GETLINK, body: linkHeader(), facts: {} }).map(({ body }) => readLink(body));
      const names = new Map(links.map((link) => [link.index, link.name]));
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
      return links.map(({ masterIndex, ...link }) => {
        const master = names.get(masterIndex);
        return { ...link, addresses: addresses.get(link.index) ?? [], ...(master === undefined ? {} : { master }) };
      });
    });
  },

  listRoutes(namespace?: string): readonly { readonly to: string; readonly device: string }[] {
    return withSocket(namespace, (socket) => {
      const links = socket.dump({ type: RTM.GETLINK, body: linkHeader(), facts: {} }).map(({ body }) => readLink(body));
      const names = new Map(links.map((link) => [link.index, link.name]));
      return readRoutes(socket).map(({ to, index }) => ({ to, device: names.get(index) ?? '' }));
    });
  },
};
