import { addressBytes, AF_INET, prefix } from './ipv4.ts';
import { errnoOf } from './kernel-error.ts';
import { indexOf } from './link-messages.ts';
import { attribute, attributes, type NetlinkRequest, NLM_F_CREATE, NLM_F_EXCL, type RouteSocket, word } from './rtnetlink.ts';

/** linux/rtnetlink.h. */
const RTM = { NEWROUTE: 24, GETROUTE: 26 } as const;
const RTA = { DST: 1, OIF: 4, GATEWAY: 5, TABLE: 15 } as const;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;

export interface Route {
  readonly to: string;
  readonly via?: string;
  readonly device?: string;
}

/** struct rtmsg and its attributes; `index` is the device's, if one is named. */
export function newRoute(route: Route, index: number | undefined): NetlinkRequest {
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

export interface FoundRoute {
  readonly to: string;
  readonly via: string;
  readonly index: number;
}

/** IPv4 routes of the main table. */
export function readRoutes(socket: RouteSocket): readonly FoundRoute[] {
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
export function ensureRoute(socket: RouteSocket, route: Route): void {
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
