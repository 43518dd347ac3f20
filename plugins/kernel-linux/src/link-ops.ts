import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { LinkInfo, StackedKind, StackedLink, VethOptions, VethPeer } from '@shiplog/contracts';
import { newAddress, readAddresses } from './address-messages.ts';
import { errnoOf, Refusal } from './kernel-error.ts';
import {
  changeLink,
  createLink,
  deleteLink,
  findLink,
  indexOf,
  type LinkChange,
  readLinks,
  stackedOn,
  touchIndex,
  vethPeer,
} from './link-messages.ts';
import { ensureRoute, newRoute, readRoutes, type Route } from './route-messages.ts';
import { RouteSocket } from './rtnetlink.ts';
import { stackedData } from './stacked-data.ts';
import { visit } from './visit.ts';

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

/** Undefined where the kernel says that there is no such link. */
function unlessGone<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (errnoOf(error) === 'ENODEV') return undefined;
    throw error;
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
        if (findLink(socket, name).kind !== 'bridge') throw error;
      }
      if (Object.values(options).some((value) => value !== undefined)) socket.talk([changeLink(name, options)]);
    });
  },

  createVeth(name: string, peer: VethPeer, options: VethOptions): void {
    const fd = peer.namespace === undefined ? undefined : openSync(peer.namespace, 'r');
    try {
      withSocket(undefined, (socket) => {
        const master = options.master === undefined ? undefined : indexOf(socket, options.master);
        const far = vethPeer(peer.name, { mac: peer.mac, mtu: options.mtu }, fd);
        socket.talk([createLink(name, 'veth', { master, mtu: options.mtu, up: options.up }, [far])]);
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
        const request = createLink(link.name, kind.kind, { mac: link.mac, mtu: link.mtu }, stackedData(kind));
        try {
          socket.talk([stackedOn(request, indexOf(socket, parent), parent, fd)]);
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

  linkIndex(name: string): number | undefined {
    return withSocket(undefined, (socket) => unlessGone(() => indexOf(socket, name)));
  },

  /** Waits for the lock that links are changed under, so it sees a removal whole or not at all. */
  hasIndex(index: number): boolean {
    return withSocket(undefined, (socket) => unlessGone(() => (socket.talk([touchIndex(index)]), true))) ?? false;
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
      const links = readLinks(socket);
      const names = new Map(links.map((link) => [link.index, link.name]));
      const addresses = readAddresses(socket);
      return links.map(({ masterIndex, ...link }) => {
        const master = names.get(masterIndex);
        return { ...link, addresses: addresses.get(link.index) ?? [], ...(master === undefined ? {} : { master }) };
      });
    });
  },

  listRoutes(namespace?: string): readonly { readonly to: string; readonly device: string }[] {
    return withSocket(namespace, (socket) => {
      const names = new Map(readLinks(socket).map((link) => [link.index, link.name]));
      return readRoutes(socket).map(({ to, index }) => ({ to, device: names.get(index) ?? '' }));
    });
  },
};
