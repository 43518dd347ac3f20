import type { Kernel, LinkInfo } from '@shiplog/contracts';
import { type Recorder, refused } from './recorder.ts';

const LOOPBACK: LinkInfo = { index: 1, name: 'lo', kind: '', up: true, mac: '00:00:00:00:00:00', addresses: ['127.0.0.1/8'] };

/** What a network namespace has. */
interface Stack {
  readonly links: LinkInfo[];
  readonly routes: { to: string; device: string }[];
}

/** Namespaces, and the links, routes and sysctls in them and on the host, in memory. */
export function recordingNetwork(recorder: Recorder): Pick<Kernel, 'links' | 'namespaces'> {
  const namespaces = new Map<string, Stack>();
  const host: Stack = { links: [LOOPBACK], routes: [] };
  const pairs: { readonly name: string; readonly namespace: string | undefined }[][] = [];
  const sysctls = new Map<string, string>();
  let nextLink = 2;

  function stackIn(call: string, namespace: string | undefined): Stack {
    const stack = namespace === undefined ? host : namespaces.get(namespace);
    if (stack === undefined) throw refused(call, 'ENOENT', { namespace });
    return stack;
  }
  function changeLink(call: string, name: string, namespace: string | undefined, change: (link: LinkInfo) => LinkInfo): void {
    const { links } = stackIn(call, namespace);
    const index = links.findIndex((link) => link.name === name);
    const link = links[index];
    if (link === undefined) throw refused(call, 'ENODEV', { name });
    links[index] = change(link);
  }
  function addLink(call: string, namespace: string | undefined, name: string, kind: string): void {
    const { links } = stackIn(call, namespace);
    if (links.some((link) => link.name === name)) throw refused(call, 'EEXIST', { name });
    links.push({ index: nextLink, name, kind, up: false, mac: macOf(nextLink), addresses: [] });
    nextLink += 1;
  }

  return {
    namespaces: {
      async createNetwork(path) {
        recorder.note('namespaces.createNetwork', path);
        if (!namespaces.has(path)) namespaces.set(path, { links: [LOOPBACK], routes: [] });
      },
      async removeNetwork(path) {
        recorder.note('namespaces.removeNetwork', path);
        namespaces.delete(path);
      },
      async isNamespace(path) {
        recorder.note('namespaces.isNamespace', path);
        return namespaces.has(path);
      },
      async setSysctl(name, value, namespace) {
        recorder.note('namespaces.setSysctl', name, value, namespace);
        stackIn('setSysctl', namespace);
        sysctls.set(`${namespace ?? ''}:${name}`, value);
      },
      async getSysctl(name, namespace) {
        recorder.note('namespaces.getSysctl', name, namespace);
        const value = sysctls.get(`${namespace ?? ''}:${name}`);
        if (value === undefined) throw refused('getSysctl', 'ENOENT', { name });
        return value;
      },
    },
    links: {
      async createBridge(name, options = {}) {
        recorder.note('links.createBridge', name, options);
        if (!host.links.some((link) => link.name === name && link.kind === 'bridge')) addLink('createBridge', undefined, name, 'bridge');
        changeLink('createBridge', name, undefined, (link) => withOptions(link, options));
      },
      async createVeth(name, other, options = {}) {
        recorder.note('links.createVeth', name, other, options);
        const { links, routes } = stackIn('createVeth', other.namespace);
        if (links.some((link) => link.name === other.name)) throw refused('createVeth', 'EEXIST', { name: other.name });
        addLink('createVeth', undefined, name, 'veth');
        addLink('createVeth', other.namespace, other.name, 'veth');
        pairs.push([
          { name, namespace: undefined },
          { name: other.name, namespace: other.namespace },
        ]);
        changeLink('createVeth', name, undefined, (link) => withOptions(link, options));
        changeLink('createVeth', other.name, other.namespace, (link) => ({
          ...withOptions(link, other),
          addresses: other.addresses ?? [],
        }));
        for (const { to } of other.routes ?? []) routes.push({ to, device: other.name });
      },
      async createStacked(parent, kind, link) {
        recorder.note('links.createStacked', parent, kind, link);
        if (!host.links.some(({ name }) => name === parent)) throw refused('createStacked', 'ENODEV', { parent });
        addLink('createStacked', link.namespace, link.name, kind.kind);
        changeLink('createStacked', link.name, link.namespace, (made) => ({ ...withOptions(made, link), addresses: link.addresses ?? [] }));
        const { routes } = stackIn('createStacked', link.namespace);
        for (const { to } of link.routes ?? []) routes.push({ to, device: link.name });
      },
      async supports(kind) {
        recorder.note('links.supports', kind);
        return true;
      },
      async remove(name, namespace) {
        recorder.note('links.remove', name, namespace);
        stackIn('remove', namespace);
        // A veth takes its other end with it.
        const pair = pairs.find((ends) => ends.some((end) => end.name === name && end.namespace === namespace));
        for (const end of pair ?? [{ name, namespace }]) {
          const stack = end.namespace === undefined ? host : namespaces.get(end.namespace);
          const index = stack?.links.findIndex((link) => link.name === end.name) ?? -1;
          if (index !== -1) stack?.links.splice(index, 1);
        }
        if (pair !== undefined) pairs.splice(pairs.indexOf(pair), 1);
      },
      async up(name, namespace) {
        recorder.note('links.up', name, namespace);
        changeLink('up', name, namespace, (link) => ({ ...link, up: true }));
      },
      async setMaster(name, bridge) {
        recorder.note('links.setMaster', name, bridge);
        changeLink('setMaster', name, undefined, (link) => ({ ...link, master: bridge }));
      },
      async setMac(name, mac, namespace) {
        recorder.note('links.setMac', name, mac, namespace);
        changeLink('setMac', name, namespace, (link) => ({ ...link, mac }));
      },
      async addAddress(name, cidr, namespace) {
        recorder.note('links.addAddress', name, cidr, namespace);
        changeLink('addAddress', name, namespace, (link) =>
          link.addresses.includes(cidr) ? link : { ...link, addresses: [...link.addresses, cidr] },
        );
      },
      async addRoute(route, namespace) {
        recorder.note('links.addRoute', route, namespace);
        const { routes } = stackIn('addRoute', namespace);
        if (!routes.some(({ to }) => to === route.to)) routes.push({ to: route.to, device: route.device ?? '' });
      },
      async list(namespace) {
        recorder.note('links.list', namespace);
        return [...stackIn('list', namespace).links];
      },
      async routes(namespace) {
        recorder.note('links.routes', namespace);
        return [...stackIn('routes', namespace).routes];
      },
    },
  };
}

/** What can be asked of a link as it is made, as far as a list of links shows it. */
function withOptions(
  link: LinkInfo,
  { mac, alias, up, master }: { readonly mac?: string; readonly alias?: string; readonly up?: boolean; readonly master?: string },
): LinkInfo {
  return {
    ...link,
    up: up ?? link.up,
    mac: mac ?? link.mac,
    ...(alias === undefined ? {} : { alias }),
    ...(master === undefined ? {} : { master }),
  };
}

function macOf(index: number): string {
  return `02:00:00:00:00:${index.toString(16).padStart(2, '0')}`;
}
