import { cp, lstat, lutimes, mkdir, readlink, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Kernel, type LinkInfo, type MountInfo, type Ran, type RunCall, ShiplogError, type SpawnPipe } from '@shiplog/contracts';
import { errnoOf } from '../errno.ts';
import { treeUsage } from '../tree-usage.ts';

/** One call that went through the door: `mounts.mount`, and the arguments as given. */
export interface RecordedCall {
  readonly call: string;
  readonly args: readonly unknown[];
}

/** A node that {@link Kernel.files} made, as it was asked for. */
export type RecordedNode = Parameters<Kernel['files']['mknod']>[1];

/** The double, with what a test wants to see and to set. */
export interface RecordingKernel extends Kernel {
  /** Every call so far, in order. */
  readonly calls: RecordedCall[];
  /** Pids that run, with their start times in ticks. `processes.kill` takes a pid away. */
  readonly running: Map<number, number>;
  /** Ports something else listens on, as `tcp/8080`. */
  readonly busyPorts: Set<string>;
  /** Answers to `firewall.list`, by command; a command without one fails as if the object were absent. */
  readonly firewallAnswers: Map<string, readonly { readonly [key: string]: unknown }[]>;
  /** What programs do that `processes.run` runs, by path; one without an entry says nothing and succeeds. */
  readonly programs: Map<string, (call: RunCall) => Ran>;
  /** What `processes.peerCredentials` answers; change it in place. */
  readonly peer: { pid: number; uid: number; gid: number };
  /** The node behind a placeholder file. */
  nodeAt(path: string): Promise<RecordedNode | undefined>;
  /** Lets the next call of this name fail with KERNEL_CALL_FAILED and the errno, or with the error given. */
  failNext(call: string, failure: string | Error): void;
}

const LOOPBACK: LinkInfo = { index: 1, name: 'lo', kind: '', up: true, mac: '00:00:00:00:00:00', addresses: ['127.0.0.1/8'] };

/**
 * A {@link Kernel} without a kernel: it records each call and keeps simple state in memory (mount table, links, routes,
 * namespaces, sysctls, extended attributes, locks). Needs no root.
 *
 * The disk alone is real, because drivers use node:fs beside it: `resolveBeneath` reads it, `setTimes` sets times there
 * (to the microsecond), subvolumes are directories, and `mknod` leaves an empty file in the node's place, which `nodeAt` tells from a real one.
 */
export function createRecordingKernel(): RecordingKernel {
  const calls: RecordedCall[] = [];
  const failures = new Map<string, Error>();
  const mountTable: MountInfo[] = [rootMount()];
  const namespaces = new Map<string, { links: LinkInfo[]; routes: { to: string; device: string }[] }>();
  const host = { links: [LOOPBACK], routes: [] };
  const pairs: { readonly name: string; readonly namespace: string | undefined }[][] = [];
  const sysctls = new Map<string, string>();
  const xattrs = new Map<string, Map<string, Uint8Array>>();
  const nodes = new Map<string, RecordedNode>();
  const running = new Map<number, number>();
  const busyPorts = new Set<string>();
  const locks = new Set<string>();
  const firewallAnswers: RecordingKernel['firewallAnswers'] = new Map();
  const programs: RecordingKernel['programs'] = new Map();
  let nextMount = 2;
  let nextLink = 2;

  function note(call: string, ...args: unknown[]): void {
    calls.push({ call, args });
    const failure = failures.get(call);
    if (failure === undefined) return;
    failures.delete(call);
    throw failure;
  }
  function stackIn(call: string, namespace: string | undefined): { links: LinkInfo[]; routes: { to: string; device: string }[] } {
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
  async function attributesOf(path: string): Promise<Map<string, Uint8Array>> {
    const inode = await inodeOf(path);
    const known = xattrs.get(inode) ?? new Map<string, Uint8Array>();
    xattrs.set(inode, known);
    return known;
  }

  const peer = { pid: process.pid, uid: 0, gid: 0 };

  return {
    calls,
    running,
    busyPorts,
    firewallAnswers,
    programs,
    peer,
    failNext(call, failure) {
      failures.set(call, typeof failure === 'string' ? refused(call, failure, {}) : failure);
    },
    async nodeAt(path) {
      return nodes.get(await inodeOf(path));
    },

    mounts: {
      async mount(call) {
        note('mounts.mount', call);
        if (call.options.includes('remount')) return;
        const bind = call.options.includes('bind') || call.options.includes('rbind');
        if (!bind && call.options.some((option) => PROPAGATION.has(option))) return;
        const like = bind ? mountTable.findLast((mount) => isBeneath(call.source, mount.target)) : undefined;
        mountTable.push({
          ...rootMount(),
          id: nextMount++,
          root: bind ? call.source : '/',
          minor: like?.minor ?? nextMount,
          target: call.target,
          type: like?.type ?? call.type,
          source: like?.source ?? call.source,
          superOptions: bind ? [] : call.options,
        });
      },
      async unmount(target, options) {
        note('mounts.unmount', target, options);
        const index = mountTable.findLastIndex((mount) => mount.target === target);
        if (index > 0) mountTable.splice(index, 1);
      },
      async list() {
        note('mounts.list');
        return [...mountTable];
      },
    },

    files: {
      async mknod(path, node) {
        note('files.mknod', path, node);
        await writeFile(path, '', { flag: 'wx' }).catch((error: unknown) => {
          throw refused('mknod', errnoOf(error) ?? 'EIO', { path });
        });
        nodes.set(await inodeOf(path), node);
      },
      async setXattr(path, name, value) {
        note('files.setXattr', path, name, value);
        (await attributesOf(path)).set(name, value);
      },
      async getXattr(path, name) {
        note('files.getXattr', path, name);
        return (await attributesOf(path)).get(name);
      },
      async listXattrs(path) {
        note('files.listXattrs', path);
        return [...(await attributesOf(path)).keys()];
      },
      async removeXattr(path, name) {
        note('files.removeXattr', path, name);
        (await attributesOf(path)).delete(name);
      },
      async setTimes(path, accessNs, modifyNs) {
        note('files.setTimes', path, accessNs, modifyNs);
        await lutimes(path, Number(accessNs) / 1e9, Number(modifyNs) / 1e9);
      },
      async resolveBeneath(root, path) {
        note('files.resolveBeneath', root, path);
        return resolveInRoot(root, path);
      },
      async punchHole(path, offset, length) {
        note('files.punchHole', path, offset, length);
        return true;
      },
      async syncFilesystem(path) {
        note('files.syncFilesystem', path);
      },
    },

    subvolumes: {
      async create(path) {
        note('subvolumes.create', path);
        await mkdir(path, 0o755);
      },
      async snapshot(source, path) {
        note('subvolumes.snapshot', source, path);
        await cp(source, path, { recursive: true, errorOnExist: true, force: false, verbatimSymlinks: true });
      },
      async setReadonly(path, readonly) {
        note('subvolumes.setReadonly', path, readonly);
      },
      async remove(path) {
        note('subvolumes.remove', path);
        await rm(path, { recursive: true, force: true });
      },
      async usage(path) {
        note('subvolumes.usage', path);
        return treeUsage(path);
      },
      async limit(path, bytes) {
        note('subvolumes.limit', path, bytes);
      },
    },

    namespaces: {
      async createNetwork(path) {
        note('namespaces.createNetwork', path);
        if (!namespaces.has(path)) namespaces.set(path, { links: [LOOPBACK], routes: [] });
      },
      async removeNetwork(path) {
        note('namespaces.removeNetwork', path);
        namespaces.delete(path);
      },
      async isNamespace(path) {
        note('namespaces.isNamespace', path);
        return namespaces.has(path);
      },
      async setSysctl(name, value, namespace) {
        note('namespaces.setSysctl', name, value, namespace);
        stackIn('setSysctl', namespace);
        sysctls.set(`${namespace ?? ''}:${name}`, value);
      },
      async getSysctl(name, namespace) {
        note('namespaces.getSysctl', name, namespace);
        const value = sysctls.get(`${namespace ?? ''}:${name}`);
        if (value === undefined) throw refused('getSysctl', 'ENOENT', { name });
        return value;
      },
    },

    links: {
      async createBridge(name, options = {}) {
        note('links.createBridge', name, options);
        if (!host.links.some((link) => link.name === name && link.kind === 'bridge')) addLink('createBridge', undefined, name, 'bridge');
        changeLink('createBridge', name, undefined, (link) => withOptions(link, options));
      },
      async createVeth(name, other, options = {}) {
        note('links.createVeth', name, other, options);
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
        note('links.createStacked', parent, kind, link);
        if (!host.links.some(({ name }) => name === parent)) throw refused('createStacked', 'ENODEV', { parent });
        addLink('createStacked', link.namespace, link.name, kind.kind);
        changeLink('createStacked', link.name, link.namespace, (made) => ({ ...withOptions(made, link), addresses: link.addresses ?? [] }));
        const { routes } = stackIn('createStacked', link.namespace);
        for (const { to } of link.routes ?? []) routes.push({ to, device: link.name });
      },
      async supports(kind) {
        note('links.supports', kind);
        return true;
      },
      async remove(name, namespace) {
        note('links.remove', name, namespace);
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
        note('links.up', name, namespace);
        changeLink('up', name, namespace, (link) => ({ ...link, up: true }));
      },
      async setMaster(name, bridge) {
        note('links.setMaster', name, bridge);
        changeLink('setMaster', name, undefined, (link) => ({ ...link, master: bridge }));
      },
      async setMac(name, mac, namespace) {
        note('links.setMac', name, mac, namespace);
        changeLink('setMac', name, namespace, (link) => ({ ...link, mac }));
      },
      async addAddress(name, cidr, namespace) {
        note('links.addAddress', name, cidr, namespace);
        changeLink('addAddress', name, namespace, (link) =>
          link.addresses.includes(cidr) ? link : { ...link, addresses: [...link.addresses, cidr] },
        );
      },
      async addRoute(route, namespace) {
        note('links.addRoute', route, namespace);
        const { routes } = stackIn('addRoute', namespace);
        if (!routes.some(({ to }) => to === route.to)) routes.push({ to: route.to, device: route.device ?? '' });
      },
      async list(namespace) {
        note('links.list', namespace);
        return [...stackIn('list', namespace).links];
      },
      async routes(namespace) {
        note('links.routes', namespace);
        return [...stackIn('routes', namespace).routes];
      },
    },

    firewall: {
      async apply(script) {
        note('firewall.apply', script);
      },
      async list(command) {
        note('firewall.list', command);
        const answer = firewallAnswers.get(command);
        if (answer === undefined) throw refused('nft', 'ENOENT', { command });
        return answer;
      },
    },

    processes: {
      async spawn(call) {
        note('processes.spawn', call);
        const pid = Math.max(0, ...running.keys()) + 1;
        running.set(pid, pid);
        return { pid, pipes: call.files.map((file) => (file === 'pipe' ? silence() : undefined)) };
      },
      async run(call) {
        note('processes.run', call);
        return programs.get(call.program)?.(call) ?? { code: 0, stdout: '', stderr: '' };
      },
      async kill(pid, signal, startTicks) {
        note('processes.kill', pid, signal, startTicks);
        const start = running.get(pid);
        if (start === undefined || (startTicks !== undefined && start !== startTicks)) return false;
        if (signal !== 0) running.delete(pid);
        return true;
      },
      async startTicks(pid) {
        note('processes.startTicks', pid);
        return running.get(pid);
      },
      async origin(pid) {
        note('processes.origin', pid);
        const start = running.get(pid);
        return start === undefined ? undefined : { start };
      },
      bootId() {
        note('processes.bootId');
        return '00000000-0000-4000-8000-000000000000';
      },
      peerCredentials(fd) {
        note('processes.peerCredentials', fd);
        return { ...peer };
      },
      async lock(path) {
        note('processes.lock', path);
        if (locks.has(path)) return undefined;
        locks.add(path);
        return {
          async release() {
            locks.delete(path);
          },
        };
      },
      async portIsFree(protocol, address, port) {
        note('processes.portIsFree', protocol, address, port);
        return !busyPorts.has(`${protocol}/${port}`);
      },
    },

    sockets: {
      async sendDatagrams(call) {
        note('sockets.sendDatagrams', call);
      },
    },
  };
}

const PROPAGATION = new Set(['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared']);

function rootMount(): MountInfo {
  return {
    id: 1,
    parent: 0,
    major: 0,
    minor: 1,
    root: '/',
    target: '/',
    type: 'ext4',
    source: '/dev/root',
    options: ['rw'],
    superOptions: ['rw'],
    propagation: [],
  };
}

function isBeneath(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
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

function refused(call: string, errno: string, facts: { readonly [fact: string]: unknown }): ShiplogError {
  return new ShiplogError('KERNEL_CALL_FAILED', `${call} failed with ${errno}`, { call, errno, ...facts });
}

/** Names a file whatever its path: a driver renames what it has finished. */
async function inodeOf(path: string): Promise<string> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    throw refused('lstat', errnoOf(error) ?? 'EIO', { path });
  }
}

/** openat2(2) with RESOLVE_IN_ROOT, in steps. */
async function resolveInRoot(root: string, path: string): Promise<string> {
  const left = path.split('/').filter((part) => part !== '' && part !== '.');
  const walked: string[] = [];
  for (let links = 0; left.length > 0;) {
    const part = left.shift() ?? '';
    if (part === '..') {
      walked.pop();
      continue;
    }
    const at = join(root, ...walked, part);
    const stats = await lstat(at).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT' && left.length === 0) return undefined;
      throw new ShiplogError('PATH_NOT_FOUND', `${dirname(path)} does not exist in ${root}`, { root, path }, { cause: error });
    });
    if (stats?.isSymbolicLink() !== true) {
      walked.push(part);
      continue;
    }
    if (++links > 40) throw refused('openat2', 'ELOOP', { root, path });
    const target = await readlink(at);
    if (target.startsWith('/')) walked.length = 0;
    left.unshift(...target.split('/').filter((step) => step !== '' && step !== '.'));
  }
  return join(root, ...walked);
}

/** What a program says that runs nowhere. */
async function* silence(): SpawnPipe {}
