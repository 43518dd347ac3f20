import { setTimeout as sleep } from 'node:timers/promises';
import { type Kernel, type NetworkDriver, type Observed, type StackedKind, ShiplogError, type StackedLink } from '@shiplog/contracts';
import { errnoOf } from '../errno.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { Sandboxes } from '../sandboxes.ts';
import type { DriverHome } from '../services.ts';
import { InterfaceRecords } from './interface-records.ts';
import { parseLinkAlias } from './link-mark.ts';
import { networkMtu } from './network-mtu.ts';
import { ensureParent, parentOf, removeParent } from './parent-link.ts';

type Attach = Parameters<NetworkDriver['attach']>[0];

/** How long an address may be that of a link that goes, and how often that is looked at; milliseconds. */
const GOING = 2000;
const LOOK = 20;

/** What one kind of stacked link has of its own. */
export interface Stacking {
  /** Reads a network's options. Throws REQUEST_INVALID for one that cannot be meant. */
  kindOf(options: { readonly [name: string]: string }): StackedKind;
  /** The link may have a hardware address of its own. */
  hasMac(kind: StackedKind): boolean;
  /** The default route leads to a gateway on the wire; without, to the link itself. */
  hasGateway(kind: StackedKind): boolean;
}

/**
 * Networks whose endpoints are links stacked on a link of the host (macvlan, ipvlan): the container stands on the wire beside the host, which
 * neither routes nor translates for it. Ports are taken and ignored, as with Docker: what listens on the wire is reached on it.
 */
export class StackedNetworks implements NetworkDriver {
  readonly #kernel: Kernel;
  readonly #engineId: string;
  readonly #stacking: Stacking;
  readonly #sandboxes: Sandboxes;
  readonly #interfaces: InterfaceRecords;
  /** Two networks may want one VLAN, so networks come and go one at a time; endpoints of one id too. */
  readonly #turns = new KeyedLock();

  constructor(kernel: Kernel, home: DriverHome, stacking: Stacking) {
    this.#kernel = kernel;
    this.#engineId = home.engineId;
    this.#stacking = stacking;
    this.#sandboxes = new Sandboxes(kernel, home.runDir);
    this.#interfaces = new InterfaceRecords(kernel, home.runDir);
  }

  readonly createNetwork: NetworkDriver['createNetwork'] = ({ network }) =>
    this.#turns.run('networks', async () => {
      this.#stacking.kindOf(network.options);
      networkMtu(network.options);
      await ensureParent(this.#kernel, this.#engineId, network);
      return {};
    });

  readonly removeNetwork: NetworkDriver['removeNetwork'] = ({ network }) =>
    this.#turns.run('networks', async () => {
      await removeParent(this.#kernel, this.#engineId, network);
      return {};
    });

  readonly openSandbox: NetworkDriver['openSandbox'] = (args) => this.#sandboxes.open(args);

  readonly closeSandbox: NetworkDriver['closeSandbox'] = (args) => this.#sandboxes.close(args);

  readonly attach: NetworkDriver['attach'] = (args) =>
    this.#turns.run(`endpoint ${args.id}`, async () => {
      const { id, sandbox, ifName } = args;
      if (sandbox === undefined) {
        throw new ShiplogError('REQUEST_INVALID', `endpoint ${id} needs a network namespace to attach to`, { endpoint: id });
      }
      const kind = this.#stacking.kindOf(args.network.options);
      const before = await this.#interfaces.placeOf(id);
      if (before !== undefined) {
        if (before.sandbox === sandbox && before.ifName === ifName && (await this.#isAttached(args, kind, sandbox))) return {};
        await this.#interfaces.remove(id);
      }
      await this.#interfaces.remember(id, { sandbox, ifName });
      try {
        await this.#make(args, kind, sandbox);
      } catch (error) {
        await this.#interfaces.forget(id);
        throw error;
      }
      return {};
    });

  readonly detach: NetworkDriver['detach'] = ({ id }, ctx) => this.removeEndpoint({ id }, ctx);

  readonly removeEndpoint: NetworkDriver['removeEndpoint'] = ({ id }) =>
    this.#turns.run(`endpoint ${id}`, async () => {
      await this.#interfaces.remove(id);
      return {};
    });

  /** Nothing is published here, so no port is given out. */
  readonly freePorts: NetworkDriver['freePorts'] = async () => ({ ports: [] });

  /** Parents that were made here by their alias, interfaces and namespaces by their records. A network on a parent of the operator is nothing by itself. */
  async observe(): Promise<readonly Observed[]> {
    const [links, sandboxes, endpoints] = await Promise.all([
      this.#kernel.links.list(),
      this.#sandboxes.observe(),
      this.#interfaces.present(),
    ]);
    const networks = links.flatMap((link) => parseLinkAlias(this.#engineId, link.alias) ?? []);
    return [
      ...networks.filter(({ resource }) => resource === 'network').map(({ id }) => ({ resource: 'network', id })),
      ...sandboxes,
      ...endpoints.map((id) => ({ resource: 'endpoint', id })),
    ];
  }

  async #make({ network, ifName, address, mac, gateway, defaultRoute }: Attach, kind: StackedKind, sandbox: string): Promise<void> {
    const parent = parentOf(network);
    const mtu = networkMtu(network.options);
    const route = this.#stacking.hasGateway(kind) ? { to: 'default', via: gateway } : { to: 'default' };
    try {
      await this.#stack(parent.name, kind, {
        name: ifName,
        namespace: sandbox,
        up: true,
        addresses: [address],
        routes: defaultRoute && !parent.isolated ? [route] : [],
        disableIpv6: true,
        ...(mac !== '' && this.#stacking.hasMac(kind) ? { mac } : {}),
        ...(mtu === undefined ? {} : { mtu }),
      });
    } catch (error) {
      if (errnoOf(error) !== 'ENODEV') throw error;
      throw new ShiplogError(
        'REQUEST_INVALID',
        `the parent interface ${parent.name} of network ${network.name} is not there`,
        { parent: parent.name },
        { cause: error },
      );
    }
  }

  /** A namespace without processes takes its links along a moment later, and until then their addresses are in use (EADDRINUSE of ipvlan). */
  async #stack(parent: string, kind: StackedKind, link: StackedLink): Promise<void> {
    for (const end = performance.now() + GOING; ; await sleep(LOOK)) {
      try {
        return await this.#kernel.links.createStacked(parent, kind, link);
      } catch (error) {
        if (errnoOf(error) !== 'EADDRINUSE' || performance.now() > end) throw error;
      }
    }
  }

  async #isAttached({ ifName, address, mac }: Attach, kind: StackedKind, sandbox: string): Promise<boolean> {
    if (!(await this.#kernel.namespaces.isNamespace(sandbox))) return false;
    const link = (await this.#kernel.links.list(sandbox)).find(({ name }) => name === ifName);
    if (link === undefined) return false;
    const asked = mac === '' || !this.#stacking.hasMac(kind) || link.mac === mac.toLowerCase();
    return link.kind === kind.kind && link.up && link.addresses.includes(address) && asked;
  }
}
