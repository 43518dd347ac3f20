import { type JoinedNamespaces, hostsFile, resolveMounts, resolvConf, runtimeSpec } from '@shiplog/oci';
import {
  type ContainerRecord,
  type EndpointRecord,
  type ImageRecord,
  type NamespaceMode,
  type NetworkRecord,
  type ProcessRef,
  type ResourceLimits,
  ShiplogError,
} from '@shiplog/contracts';
import { publishVolumes } from './container-volumes.ts';
import { type Operation, together } from '../commands/operation.ts';

/** What a start decided: where the sandbox comes from, and the endpoints in order. */
export interface Attachments {
  readonly endpoints: readonly EndpointRecord[];
  readonly sandbox: string;
}

/**
 * Brings a container up: root file system, sandbox, endpoints, cgroup, process. What does not depend on one another runs
 * side by side: the endpoints are wired while the runtime builds the process, which only needs the sandbox. Where it fails, who waits for what the
 * container prints waits no longer, as in Docker.
 */
export async function bringUp(op: Operation, recorded: ContainerRecord, image: ImageRecord, attachments: Attachments): Promise<ProcessRef> {
  try {
    return await up(op, recorded, image, attachments);
  } catch (error) {
    op.engine.io.forget(recorded.id);
    throw error;
  }
}

async function up(op: Operation, recorded: ContainerRecord, image: ImageRecord, attachments: Attachments): Promise<ProcessRef> {
  const { parts, io } = op.engine;
  const container = await op.engine.images.within(await op.revealed(recorded), image);
  const { id } = container;

  const joined = joinedNetwork(op, attachments.sandbox);
  const owner = joined?.owner ?? container;
  const endpoints = joined === undefined ? attachments.endpoints : Object.values(owner.endpoints);
  const hostNetwork = joined === undefined ? attachments.sandbox === 'host' : owner.spec.networkMode === 'host';
  const nameServer = op.engine.names.addressFor(endpoints);
  const sandboxPath = joined === undefined ? openSandbox(op, container, attachments.sandbox) : Promise.resolve(joined.path);
  const [process] = await together(
    (async () => {
      const mounted = op.step('storage', container.storageDriver, 'mount', {
        key: id,
        target: parts.paths.rootfs(id),
        ephemeral: container.spec.autoRemove,
      });
      const [{ cgroupsPath }, env, sandbox, , volumes] = await together(
        op.step('cgroup', parts.chosen.cgroup, 'create', { id, limits: limitsOf(container.spec.resources) }, { undoArgs: { id } }),
        op.engine.environment.unseal(container.spec.env),
        sandboxPath,
        mounted,
        publishVolumes(op, container, { seed: true, mounted }),
      );
      // Who joins a network joins its names too.
      const hostname = owner.spec.hostname ?? (hostNetwork ? parts.host.hostname : owner.id.slice(0, 12));
      const spec = runtimeSpec({
        container,
        image,
        env,
        hostname,
        rootfs: parts.paths.rootfs(id),
        cgroupsPath,
        ...(sandbox === undefined ? {} : { sandboxPath: sandbox }),
        hostNetwork,
        mounts: resolveMounts(container.spec.mounts, (name) => volumes.get(name) ?? op.engine.ledger.head.volume(name).mountpoint),
        bundleFiles: BUNDLE_FILES,
        joined: joinedNamespaces(op, container),
      });
      const created = await op.step(
        'runtime',
        container.runtime,
        'create',
        {
          id,
          spec,
          user: container.spec.user === '' ? (image.config.User ?? '') : container.spec.user,
          groups: [...container.spec.groupAdd],
          seccomp: container.spec.privileged ? 'unconfined' : container.spec.seccomp,
          devices: container.spec.devices.map((device) => ({ ...device })),
          allDevices: container.spec.privileged,
          init: container.spec.init ?? false,
          directories: container.spec.mounts.flatMap((mount) =>
            mount.type === 'bind' && mount.createSource === true ? [mount.source] : [],
          ),
          files: {
            hosts: hosts(owner, hostname, endpoints),
            hostname: `${hostname}\n`,
            'resolv.conf': resolvConf(
              await parts.host.resolvConf(),
              { servers: owner.spec.dns, search: owner.spec.dnsSearch, options: owner.spec.dnsOptions },
              { hostNetwork, ...(nameServer === undefined ? {} : { nameServer }) },
            ),
          },
          terminal: container.spec.tty,
          stdin: container.spec.openStdin,
          stdinOnce: container.spec.stdinOnce,
          log: { ...op.engine.outputs.target(container), options: {} },
          runtime: container.spec.runtime ?? '',
        },
        { undoArgs: { id }, facts: (answer) => ({ pid: answer.process.pid }) },
      );
      return created.process;
    })(),
    (async () => {
      const sandbox = await sandboxPath;
      if (joined !== undefined || sandbox === undefined || nameServer === undefined) return;
      await serveNames(op, id, sandbox);
    })(),
    (async () => {
      const sandbox = await sandboxPath;
      let first = true;
      for (const endpoint of attachments.endpoints) {
        await attach(op, container, endpoint, sandbox, first);
        first = false;
      }
    })(),
  );
  await io.connect(container.runtime, { id });
  await op.step('runtime', container.runtime, 'start', { id });
  op.engine.outputs.begin(container);
  return process;
}

/** A container whose network another one joins. */
interface Joined {
  /** Its network namespace, while it runs. */
  readonly path: string;
  /** Whose network it is: its own, or that of the one it joined itself. */
  readonly owner: ContainerRecord;
}

/** Undefined when no container's network is joined. Throws CONTAINER_NOT_RUNNING. */
function joinedNetwork(op: Operation, sandbox: string): Joined | undefined {
  if (!sandbox.startsWith('container:')) return undefined;
  const { head } = op.engine.ledger;
  const other = head.container(sandbox.slice('container:'.length));
  if (other.process === undefined || other.status !== 'running') {
    throw new ShiplogError('CONTAINER_NOT_RUNNING', `cannot join network of a non running container: ${other.id}`, { container: other.id });
  }
  let owner = other;
  while (owner.spec.networkMode.startsWith('container:')) {
    // The owner of a network may be gone while those who joined it run on.
    const next = head.containers.get(owner.spec.networkMode.slice('container:'.length));
    if (next === undefined) break;
    owner = next;
  }
  return { path: `/proc/${other.process.pid}/ns/net`, owner };
}

async function openSandbox(op: Operation, container: ContainerRecord, sandbox: string): Promise<string | undefined> {
  const { paths } = op.engine.parts;
  const { path } = await op.step('network', sandbox, 'openSandbox', {
    id: container.id,
    path: paths.sandbox(container.id),
    sysctls: { ...container.spec.sysctls },
  });
  return path;
}

/** Lets the programs in a container's namespace ask for names; undone if the operation fails. */
export async function serveNames(op: Operation, container: string, sandbox: string): Promise<void> {
  const { names } = op.engine;
  await op.act(
    'name-server.serve',
    () => names.serve(container, sandbox),
    () => names.end(container),
  );
}

/** Attaches an endpoint to a container's namespace; undone if the operation fails. */
export async function attach(
  op: Operation,
  container: ContainerRecord,
  endpoint: EndpointRecord,
  sandbox: string | undefined,
  defaultRoute: boolean,
): Promise<void> {
  const network = await op.revealed(op.engine.ledger.head.network(endpoint.networkId));
  await op.step(
    'network',
    network.driver,
    'attach',
    {
      id: endpoint.id,
      container: container.id,
      network: plain(network),
      ...(sandbox === undefined ? {} : { sandbox }),
      ifName: endpoint.ifName,
      address: endpoint.ipv4 === '' ? '' : `${endpoint.ipv4}/${endpoint.prefixLength}`,
      mac: endpoint.mac,
      gateway: endpoint.gateway,
      defaultRoute,
      ports: endpoint.ports.map((port) => ({ ...port })),
    },
    { label: `network.attach ${network.name}`, undoArgs: detachArgs(container, endpoint, network) },
  );
}

/** What detach needs to find what attach made. The network has its secrets. */
export function detachArgs(container: ContainerRecord, endpoint: EndpointRecord, network: NetworkRecord) {
  return {
    id: endpoint.id,
    container: container.id,
    network: plain(network),
    address: endpoint.ipv4 === '' ? '' : `${endpoint.ipv4}/${endpoint.prefixLength}`,
    ports: endpoint.ports.map((port) => ({ ...port })),
  };
}

/** A network as its driver sees it. */
export function plain(network: NetworkRecord) {
  const { id, name, subnet, gateway, internal, options } = network;
  return { id, name, subnet, gateway, internal, options: { ...options } };
}

/** What the runtime shows in /etc of every container. */
const BUNDLE_FILES = ['hosts', 'hostname', 'resolv.conf'] as const;

function hosts(container: ContainerRecord, hostname: string, endpoints: readonly EndpointRecord[]): string {
  const { domainname, extraHosts } = container.spec;
  const gateway = endpoints.find((endpoint) => endpoint.gateway !== '')?.gateway;
  return hostsFile({
    hostname,
    ...(domainname === undefined ? {} : { domainname }),
    addresses: endpoints.map((endpoint) => endpoint.ipv4),
    extraHosts,
    ...(gateway === undefined ? {} : { hostGateway: gateway }),
  });
}

/** Contract types of a spec are read-only, those of a verb's arguments are not. */
export function limitsOf(resources: ResourceLimits) {
  const { io, ...limits } = resources;
  return io === undefined ? limits : { ...limits, io: io.map((device) => ({ ...device })) };
}

/** Namespace files of other containers that this one joins. */
function joinedNamespaces(op: Operation, container: ContainerRecord): JoinedNamespaces {
  const join = (type: string, mode: NamespaceMode): string | undefined => {
    if (!mode.startsWith('container:')) return undefined;
    const other = op.engine.ledger.head.container(mode.slice('container:'.length));
    if (other.process === undefined || other.status !== 'running') {
      throw new ShiplogError('CONTAINER_NOT_RUNNING', `cannot join ${type} namespace of a non running container: ${other.id}`, {
        container: other.id,
      });
    }
    return `/proc/${other.process.pid}/ns/${type}`;
  };
  const [ipc, pid] = [join('ipc', container.spec.ipcMode), join('pid', container.spec.pidMode)];
  return { ...(ipc === undefined ? {} : { ipc }), ...(pid === undefined ? {} : { pid }) };
}
