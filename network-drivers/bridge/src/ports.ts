import { isIPv4 } from 'node:net';
import { type Kernel, type PortBinding, ShiplogError } from '@shiplog/contracts';
import { addressNotSupported, errnoOf, freeHostPorts, portAllocated, refuseListened } from '@shiplog/driver-kit';
import { type Publication, publishScript, unpublishScript } from './ruleset.ts';

/** The bindings of an endpoint at `address` (CIDR), with `fallback` where a binding names no host address. */
export function publications(ports: readonly PortBinding[], address: string, fallback: string): readonly Publication[] {
  const [target = ''] = address.split('/');
  if (!isIPv4(target)) throw new ShiplogError('REQUEST_INVALID', `invalid address for a bridge endpoint: '${address}'`, { address });
  return ports.map(({ protocol, hostIp, hostPort, containerPort }) => {
    const named = hostIp === '' ? fallback : hostIp;
    if (named !== '' && !isIPv4(named)) {
      throw addressNotSupported(named);
    }
    return { protocol, hostIp: named === '0.0.0.0' ? '' : named, hostPort, address: target, containerPort };
  });
}

/** One element of a published map, as nft lists it. */
interface Listed {
  readonly hostPort: number;
  readonly protocol: PortBinding['protocol'];
  readonly hostIp: string;
  readonly target: string;
  readonly owner: string;
}

/** Published ports of one engine: elements of two maps of its table. */
export class Ports {
  readonly #kernel: Kernel;
  readonly #table: string;

  constructor(kernel: Kernel, table: string) {
    this.#kernel = kernel;
    this.#table = table;
  }

  /** Throws PORT_IN_USE if something on the host listens on one of them. */
  check(ports: readonly Publication[]): Promise<void> {
    return refuseListened(this.#kernel, ports);
  }

  /** Publishes all or none. Throws PORT_IN_USE if one leads elsewhere already. */
  async publish(ports: readonly Publication[], owner: string): Promise<void> {
    if (ports.length === 0) return;
    try {
      await this.#kernel.firewall.apply(publishScript(this.#table, ports, owner));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      throw portAllocated((await this.#taken(ports)) ?? { hostIp: '', hostPort: 0 }, error);
    }
  }

  /** Takes back what leads to these places; ports that lead elsewhere meanwhile stay. Succeeds without a table. */
  async unpublish(ports: readonly Publication[]): Promise<void> {
    if (ports.length === 0) return;
    try {
      await this.#kernel.firewall.apply(unpublishScript(this.#table, ports));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      if (errnoOf(error) !== 'EEXIST') throw error;
      const listed = await this.list();
      const ours = ports.filter((port) =>
        listed.some((found) => same(found, port) && found.target === `${port.address}:${port.containerPort}`),
      );
      if (ours.length > 0) await this.#kernel.firewall.apply(unpublishScript(this.#table, ours));
    }
  }

  /** Takes back all that is published for `owner`. Succeeds when there is nothing. */
  async unpublishAll(owner: string): Promise<void> {
    const listed = (await this.list()).filter((found) => found.owner === owner);
    await this.unpublish(
      listed.map(({ protocol, hostIp, hostPort, target }) => {
        const at = target.lastIndexOf(':');
        return { protocol, hostIp, hostPort, address: target.slice(0, at), containerPort: Number(target.slice(at + 1)) };
      }),
    );
  }

  /** Everything that is published; nothing without a table. */
  async list(): Promise<readonly Listed[]> {
    const maps = await Promise.all([this.#elements('published'), this.#elements('published_at')]);
    return maps.flat();
  }

  /** `count` ports that are neither in `avoid`, nor published, nor listened on. Throws PORT_IN_USE when there are too few. */
  async free(count: number, avoid: readonly number[]): Promise<readonly number[]> {
    if (count === 0) return [];
    return freeHostPorts(this.#kernel, count, new Set([...avoid, ...(await this.list()).map(({ hostPort }) => hostPort)]));
  }

  /** The first of `ports` that leads elsewhere. */
  async #taken(ports: readonly Publication[]): Promise<Publication | undefined> {
    const listed = await this.list();
    return (
      ports.find((port) => listed.some((found) => same(found, port) && found.target !== `${port.address}:${port.containerPort}`)) ??
      ports[0]
    );
  }

  async #elements(map: string): Promise<readonly Listed[]> {
    try {
      const objects = await this.#kernel.firewall.list(`list map ip ${this.#table} ${map}`);
      return objects.flatMap((object) => readElements(object['map']));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

function same(found: Listed, port: Publication): boolean {
  return found.protocol === port.protocol && found.hostPort === port.hostPort && found.hostIp === port.hostIp;
}

/** Reads `{elem: [[key, value]…]}` of libnftables-json(5). Keys with a comment are wrapped in `{elem: {val, comment}}`. */
function readElements(map: unknown): readonly Listed[] {
  const elements = (map as { elem?: readonly (readonly [unknown, unknown])[] } | undefined)?.elem ?? [];
  return elements.map(([wrapped, value]) => {
    const element = (wrapped as { elem?: { val: unknown; comment?: string } }).elem;
    const key = (element?.val ?? wrapped) as { concat: readonly (string | number)[] };
    const target = (value as { concat: readonly (string | number)[] }).concat;
    const [hostPort, protocol, hostIp] = key.concat.toReversed();
    return {
      hostPort: Number(hostPort),
      // The maps hold what `publishScript` put there.
      protocol: String(protocol) as PortBinding['protocol'],
      hostIp: hostIp === undefined ? '' : String(hostIp),
      target: target.join(':'),
      owner: element?.comment ?? '',
    };
  });
}
