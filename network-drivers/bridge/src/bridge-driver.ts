import type { Kernel, NetworkDriver, Observed } from '@shiplog/contracts';
import {
  type DriverHome,
  type DriverOptions,
  HOME,
  inject,
  injectable,
  KeyedLock,
  KERNEL,
  OPTIONS,
  parseLinkAlias,
  Sandboxes,
  together,
} from '@shiplog/driver-kit';
import { ensureBridge, standingOf } from './bridge-link.ts';
import { connect, disconnect } from './endpoint.ts';
import { admitNetwork, dismissNetwork } from './firewall-table.ts';
import { tableName } from './names.ts';
import { type BridgeNetwork, readNetwork } from './network.ts';
import { Ports, publications } from './ports.ts';

const FORWARDING = 'net/ipv4/ip_forward';

/** Containers on a Linux bridge: veth pairs, masqueraded outward, ports published by destination NAT. IPv4. */
@injectable()
export class BridgeDriver implements NetworkDriver {
  readonly #kernel: Kernel;
  readonly #engineId: string;
  readonly #table: string;
  readonly #forwards: boolean;
  readonly #sandboxes: Sandboxes;
  readonly #ports: Ports;
  /** The table is shared by all networks, so they come and go one at a time; endpoints of one id too. */
  readonly #turns = new KeyedLock();

  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome, @inject(OPTIONS) options: DriverOptions) {
    this.#kernel = kernel;
    this.#engineId = home.engineId;
    this.#table = tableName(home.engineId);
    this.#forwards = options['ip-forward'] !== 'false';
    this.#sandboxes = new Sandboxes(kernel, home.runDir);
    this.#ports = new Ports(kernel, this.#table);
  }

  readonly createNetwork: NetworkDriver['createNetwork'] = ({ network }) =>
    this.#turns.run('networks', async () => {
      const read = readNetwork(network);
      const standing = await standingOf(this.#kernel, this.#engineId, read);
      try {
        // The rules come first: at no moment does the host forward for a bridge that has none.
        if (standing !== 'foreign') await admitNetwork(this.#kernel, this.#table, read);
        await ensureBridge(this.#kernel, this.#engineId, read, standing);
        await this.#forward();
      } catch (error) {
        // A network that was there before may have containers on it.
        if (standing !== 'ours') await this.#remove(read);
        throw error;
      }
      return {};
    });

  readonly removeNetwork: NetworkDriver['removeNetwork'] = ({ network }) =>
    this.#turns.run('networks', async () => {
      await this.#remove(readNetwork(network));
      return {};
    });

  readonly openSandbox: NetworkDriver['openSandbox'] = (args) => this.#sandboxes.open(args);

  readonly closeSandbox: NetworkDriver['closeSandbox'] = (args) => this.#sandboxes.close(args);

  readonly attach: NetworkDriver['attach'] = (args) =>
    this.#turns.run(`endpoint ${args.id}`, async () => {
      const network = readNetwork(args.network);
      const ports = this.#portsOf(network, args);
      await this.#ports.check(ports);
      const [hostInterface, published] = await Promise.allSettled([
        connect(this.#kernel, this.#engineId, network, args),
        this.#ports.publish(ports, args.id),
      ]);
      if (hostInterface.status === 'fulfilled' && published.status === 'fulfilled') return { hostInterface: hostInterface.value };
      await together([
        hostInterface.status === 'fulfilled' ? disconnect(this.#kernel, args.id) : undefined,
        published.status === 'fulfilled' ? this.#ports.unpublish(ports) : undefined,
      ]);
      throw hostInterface.status === 'rejected' ? hostInterface.reason : (published as PromiseRejectedResult).reason;
    });

  readonly detach: NetworkDriver['detach'] = (args) =>
    this.#turns.run(`endpoint ${args.id}`, async () => {
      const network = readNetwork(args.network);
      await together([this.#ports.unpublish(this.#portsOf(network, args)), disconnect(this.#kernel, args.id)]);
      return {};
    });

  readonly removeEndpoint: NetworkDriver['removeEndpoint'] = ({ id }) =>
    this.#turns.run(`endpoint ${id}`, async () => {
      await together([this.#ports.unpublishAll(id), disconnect(this.#kernel, id)]);
      return {};
    });

  readonly freePorts: NetworkDriver['freePorts'] = async ({ count, avoid }) => ({ ports: [...(await this.#ports.free(count, avoid))] });

  /** Links of this engine by their alias, published ports by their comment, namespaces by their record. */
  async observe(): Promise<readonly Observed[]> {
    const [links, ports, sandboxes] = await Promise.all([this.#kernel.links.list(), this.#ports.list(), this.#sandboxes.observe()]);
    const marks = links.flatMap((link) => parseLinkAlias(this.#engineId, link.alias) ?? []);
    const networks = marks.filter(({ resource }) => resource === 'network').map(({ id }) => id);
    const endpoints = marks.filter(({ resource }) => resource === 'endpoint').map(({ id }) => id);
    const owners = ports.map(({ owner }) => owner).filter((owner) => owner !== '');
    return [
      ...networks.map((id) => ({ resource: 'network', id })),
      ...sandboxes,
      ...[...new Set([...endpoints, ...owners])].map((id) => ({ resource: 'endpoint', id })),
    ];
  }

  /** An internal network publishes nothing, as with Docker. */
  #portsOf(network: BridgeNetwork, { ports, address }: Pick<Parameters<NetworkDriver['attach']>[0], 'ports' | 'address'>) {
    return network.internal || address === '' ? [] : publications(ports, address, network.hostIp);
  }

  async #remove(network: BridgeNetwork): Promise<void> {
    const standing = await standingOf(this.#kernel, this.#engineId, network);
    // Somebody else's bridge, so the rules for it are not this network's either.
    if (standing === 'foreign') return;
    if (standing === 'ours') await this.#kernel.links.remove(network.bridge);
    await dismissNetwork(this.#kernel, this.#table, network);
  }

  async #forward(): Promise<void> {
    if (!this.#forwards || (await this.#kernel.namespaces.getSysctl(FORWARDING)) === '1') return;
    await this.#kernel.namespaces.setSysctl(FORWARDING, '1');
  }
}
