import type { LinkInfo } from '@shiplog/contracts';
import { kernelError } from './kernel-error.ts';
import { attribute, attributes, type NetlinkRequest, NLM_F_CREATE, NLM_F_EXCL, type RouteSocket, text, textOf, word } from './rtnetlink.ts';

/** linux/rtnetlink.h, linux/if_link.h. What stacked links need is in `stacked-data.ts`. */
const RTM = { NEWLINK: 16, DELLINK: 17, GETLINK: 18 } as const;
const IFLA = { ADDRESS: 1, IFNAME: 3, MTU: 4, LINK: 5, MASTER: 10, LINKINFO: 18, IFALIAS: 20, NET_NS_FD: 28 } as const;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const VETH_INFO_PEER = 1;
const IFLA_BRPORT_MODE = 4;
const IFLA_BRPORT_ISOLATED = 33;
const IFF_UP = 1;

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

function linkName(name: string): string {
  if (/^[^\s/:]{1,15}$/.test(name) && name !== '.' && name !== '..') return name;
  throw kernelError('rtnetlink', 'EINVAL', { name, reason: 'an interface name has 1 to 15 bytes, no blank, / or :' });
}

function macBytes(mac: string): Uint8Array {
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) return Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
  throw kernelError('rtnetlink', 'EINVAL', { mac, reason: 'not a hardware address' });
}

/** struct ifinfomsg; index 0 leaves it to the name. */
function linkHeader(change: { readonly up?: boolean | undefined } = {}, index = 0): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(index, 4);
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

export function changeLink(name: string, change: LinkChange, facts: NetlinkRequest['facts'] = {}): NetlinkRequest {
  return {
    type: RTM.NEWLINK,
    body: Buffer.concat([linkHeader(change), text(IFLA.IFNAME, linkName(name)), ...linkAttributes(change)]),
    facts: { link: name, ...facts },
  };
}

export function createLink(name: string, kind: string, change: LinkChange, data: readonly Uint8Array[] = []): NetlinkRequest {
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

/** This very link: one of its name that is made later has another index. */
export function deleteIndex(index: number, name: string): NetlinkRequest {
  return { type: RTM.DELLINK, body: linkHeader({}, index), facts: { link: name }, accept: ['ENODEV'] };
}

/** Changes nothing; refused with ENODEV where the link is gone. */
export function touchIndex(index: number): NetlinkRequest {
  return { type: RTM.NEWLINK, body: linkHeader({}, index), facts: { index } };
}

/** What `createLink` wants of a veth's other end; `namespace` is a descriptor. */
export function vethPeer(name: string, change: LinkChange, namespace: number | undefined): Uint8Array {
  const place = namespace === undefined ? [] : [word(IFLA.NET_NS_FD, namespace)];
  return attribute(VETH_INFO_PEER, Buffer.concat([linkHeader(), text(IFLA.IFNAME, linkName(name)), ...linkAttributes(change), ...place]));
}

/** A request for a new link, on another one, in the namespace of a descriptor. */
export function stackedOn(request: NetlinkRequest, index: number, parent: string, namespace: number | undefined): NetlinkRequest {
  const place = [word(IFLA.LINK, index), ...(namespace === undefined ? [] : [word(IFLA.NET_NS_FD, namespace)])];
  return { ...request, body: Buffer.concat([request.body, ...place]), facts: { ...request.facts, parent } };
}

function getLink(socket: RouteSocket, name: string): Buffer {
  const body = Buffer.concat([linkHeader(), text(IFLA.IFNAME, linkName(name))]);
  return socket.get({ type: RTM.GETLINK, body, facts: { link: name } });
}

export function indexOf(socket: RouteSocket, name: string): number {
  return getLink(socket, name).readInt32LE(4);
}

export type FoundLink = LinkInfo & { readonly masterIndex: number };

export function findLink(socket: RouteSocket, name: string): FoundLink {
  return readLink(getLink(socket, name));
}

export function readLinks(socket: RouteSocket): readonly FoundLink[] {
  return socket.dump({ type: RTM.GETLINK, body: linkHeader(), facts: {} }).map(({ body }) => readLink(body));
}

function readLink(body: Buffer): FoundLink {
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
