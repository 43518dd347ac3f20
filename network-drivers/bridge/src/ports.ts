import { randomInt } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { type Kernel, type PortBinding, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';
import { type Publication, publishScript, unpublishScript } from './ruleset.ts';

/** Docker hands out ports from here up. */
const FIRST_PORT = 49_153;
const LAST_PORT = 65_535;

const FAILED = 'driver failed programming external connectivity on endpoint';

/** A host address as people write it. */
function shown(hostIp: string): string {
  return hostIp === '' ? '0.0.0.0' : hostIp;
}

/** The bindings of an endpoint at `address` (CIDR), with `fallback` where a binding names no host address. */
export function publications(ports: readonly PortBinding[], address: string, fallback: string): readonly Publication[] {
  const [target = ''] = address.split('/');
  if (!isIPv4(target)) throw new ShiplogError('REQUEST_INVALID', `invalid address for a bridge endpoint: '${address}'`, { address });
  return ports.map(({ protocol, hostIp, hostPort, containerPort }) => {
    const named = hostIp === '' ? fallback : hostIp;
    if (named !== '' && !isIPv4(named)) {
      throw new ShiplogError('NOT_SUPPORTED', `${FAILED}: only IPv4 host addresses can be published yet, not ${named}`, { hostIp: named });
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
  async check(ports: readonly Publication[]): Promise<void> {
    const free = await Promise.all(ports.map((port) => this.#isFree(port)));
    const taken = ports[free.indexOf(false)];
    if (taken === undefined) return;
    const { protocol, hostIp, hostPort, address, containerPort } = taken;
    throw new ShiplogError(
      'PORT_IN_USE',
      `${FAILED}: failed to bind host port for ${shown(hostIp)}:${hostPort}:${address}:${containerPort}/${protocol}: address already in use`,
      { protocol, hostIp, hostPort },
    );
  }

  /** Publishes all or none. Throws PORT_IN_USE if one leads elsewhere already. */
  async publish(ports: readonly Publication[], owner: string): Promise<void> {
    if (ports.length === 0) return;
    try {
      await this.#kernel.firewall.apply(publishScript(this.#table, ports, owner));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      const taken = await this.#taken(ports);
      throw new ShiplogError(
        'PORT_IN_USE',
        `${FAILED}: Bind for ${shown(taken?.hostIp ?? '')}:${taken?.hostPort ?? 0} failed: port is already allocated`,
        { hostPort: taken?.hostPort ?? 0 },
        { cause: error },
      );
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
    const taken = new Set([...avoid, ...(await this.list()).map(({ hostPort }) => hostPort)]);
    const found: number[] = [];
    const all = LAST_PORT - FIRST_PORT + 1;
    // Somewhere in the range, not its start: another engine looks too, and holds no socket either.
    const start = randomInt(all);
    const stride = Math.max(4, count * 2);
    for (let looked = 0; looked < all && found.length < count; looked += stride) {
      const candidates = Array.from(
        { length: Math.min(stride, all - looked) },
        (_, index) => FIRST_PORT + ((start + looked + index) % all),
      ).filter((port) => !taken.has(port));
      const free = await Promise.all(candidates.map((port) => this.#listensNothing(port)));
      found.push(...candidates.filter((_, index) => free[index] === true));
    }
    if (found.length < count) throw new ShiplogError('PORT_IN_USE', 'all ports are allocated', { wanted: count, found: found.length });
    return found.slice(0, count);
  }

  async #isFree({ protocol, hostIp, hostPort }: Publication): Promise<boolean> {
    try {
      return await this.#kernel.processes.portIsFree(protocol, hostIp, hostPort);
    } catch (error) {
      if (errnoOf(error) !== 'EADDRNOTAVAIL') throw error;
      throw new ShiplogError(
        'REQUEST_INVALID',
        `${FAILED}: failed to bind host port for ${hostIp}:${hostPort}: cannot assign requested address`,
        {
          hostIp,
          hostPort,
        },
      );
    }
  }

  async #listensNothing(port: number): Promise<boolean> {
    const { processes } = this.#kernel;
    return (await processes.portIsFree('tcp', '', port)) && (await processes.portIsFree('udp', '', port));
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
