import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  createContext,
  type ErrorCode,
  ERRORS,
  type Kernel,
  type NetworkDriver,
  type OperationContext,
  type PortBinding,
  ShiplogError,
} from '@shiplog/contracts';
import { freeSubnet } from './free-subnet.ts';
import { ruleText } from './rule-text.ts';
import { type Server, serve, type Transport } from './traffic.ts';
import type { Wire } from './wire.ts';

/** A driver under test, fresh, with its own empty state. */
export interface NetworkFixture {
  readonly driver: NetworkDriver;
  /** The real one: the kit looks at the host through it. */
  readonly kernel: Kernel;
  /** An empty directory for namespace files. The same engine id and names for each fixture: the kit compares them. */
  readonly scratch: string;
  /** Options that every network gets. */
  readonly options?: { readonly [name: string]: string };
  /** Of a driver that is `wired`: the wire its networks are on, unless they are internal. */
  readonly wire?: Wire;
  /** Another driver over the same state, as after a restart of the engine. The former one is used no more. */
  restart(): Promise<NetworkDriver>;
  /** Where the driver keeps what does not survive a reboot, for the kit to take away; absent if it keeps nothing. */
  readonly runDir?: string;
  /** Lays what others lay on this host when it boots, such as chains of its firewall; the factory has. */
  boot?(): Promise<void>;
  /** Ends the driver that was made last as SIGKILL does; absent for drivers in this process. */
  kill?(): Promise<void>;
  /** The same driver of another engine on this host, with another engine id and state of its own. */
  stranger(): Promise<NetworkDriver>;
  /** Called at the end, failed or not; the kit has undone what it did. */
  cleanup(): Promise<void>;
}

export type NetworkFactory = () => Promise<NetworkFixture>;

/** What the driver's manifest says it can do. */
export interface NetworkCapabilities {
  /** Containers have a namespace of their own. */
  readonly sandbox: boolean;
  /** Endpoints have addresses. */
  readonly addresses: boolean;
  /** Endpoints have the hardware address that was asked for. */
  readonly mac: boolean;
  /** Ports can be published. */
  readonly ports: boolean;
  /** The host is the router of each network: it holds the gateway's address, masquerades, and reaches the containers. */
  readonly routed: boolean;
  /** Containers stand on a wire beside the host, which is no member of it. */
  readonly wired: boolean;
}

export type Network = Parameters<NetworkDriver['createNetwork']>[0]['network'];
export type Endpoint = Parameters<NetworkDriver['attach']>[0];

/** A container's sandbox in a check. */
export interface Sandbox {
  readonly id: string;
  readonly path: string;
}

const FORWARDING = 'net.ipv4.ip_forward';

/** A hardware address that no other endpoint has. */
function macOf({ gateway }: Network, host: number): string {
  const bytes = [...gateway.split('.').slice(0, 3).map(Number), host];
  return ['02', '42', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** An id such as the engine gives. */
export function freshId(): string {
  return randomBytes(32).toString('hex');
}

/** What of this kind is on the host: equal before and after means that nothing stayed. */
export interface Footprint {
  readonly links: readonly string[];
  readonly tables: readonly string[];
  readonly namespaces: readonly string[];
  readonly observed: readonly string[];
}

/**
 * What a check works with: the driver, and shorthands for its life-cycle. Addresses come from 198.18.0.0/15, which is set
 * apart for tests (RFC 2544); traffic goes to loopback and to namespaces the kit made, nowhere else.
 */
export class Lab {
  driver: NetworkDriver;
  readonly kernel: Kernel;
  readonly scratch: string;
  readonly #fixture: NetworkFixture;
  readonly #capabilities: NetworkCapabilities;
  readonly #undo: (() => Promise<unknown>)[] = [];
  /** First three numbers of those it gave out. */
  readonly #subnets = new Set<string>();
  #before: Footprint | undefined;
  #forwarding = '';

  constructor(fixture: NetworkFixture, capabilities: NetworkCapabilities) {
    this.#fixture = fixture;
    this.#capabilities = capabilities;
    this.driver = fixture.driver;
    this.kernel = fixture.kernel;
    this.scratch = fixture.scratch;
  }

  async begin(): Promise<void> {
    await this.kernel.links.up('lo');
    this.#forwarding = await this.kernel.namespaces.getSysctl(FORWARDING);
    this.#before = await this.footprint();
  }

  ctx(): OperationContext {
    return createContext({ op: randomBytes(8).toString('hex'), signal: new AbortController().signal });
  }

  /** A network as the engine would ask for it; not made yet. */
  network(change: Partial<Network> = {}): Network {
    const prefix = this.#capabilities.addresses ? this.#prefix('198.18') : '';
    const [subnet, gateway] = prefix === '' ? ['', ''] : [`${prefix}.0/24`, `${prefix}.1`];
    const { options: all, wire } = this.#fixture;
    const options = { ...all, ...(wire === undefined || change.internal === true ? {} : { parent: wire.parent }) };
    return { id: freshId(), name: 'kit', subnet, gateway, internal: false, options, ...change };
  }

  #prefix(of: '198.18' | '198.19'): string {
    const prefix = freeSubnet(of, this.#subnets);
    this.#subnets.add(prefix);
    return prefix;
  }

  /** Makes a network; removed at the end. */
  async makeNetwork(change: Partial<Network> = {}): Promise<Network> {
    const network = this.network(change);
    this.#undo.push(() => this.driver.removeNetwork({ network }, this.ctx()));
    await this.driver.createNetwork({ network }, this.ctx());
    return network;
  }

  /** A sandbox that is not made yet. */
  sandbox(): Sandbox {
    const id = freshId();
    return { id, path: join(this.scratch, 'netns', id) };
  }

  /** Makes a sandbox; closed at the end. */
  async openSandbox(sandbox: Sandbox = this.sandbox(), sysctls: { readonly [name: string]: string } = {}): Promise<Sandbox> {
    this.#undo.push(() => this.driver.closeSandbox(sandbox, this.ctx()));
    const { path } = await this.driver.openSandbox({ ...sandbox, sysctls: { ...sysctls } }, this.ctx());
    assert.equal(path, this.#capabilities.sandbox ? sandbox.path : undefined);
    return sandbox;
  }

  /** An endpoint in `sandbox` with the address that ends in `host`; not attached yet. */
  endpoint(network: Network, sandbox: Sandbox, host: number, ports: readonly PortBinding[] = []): Endpoint {
    const { addresses, sandbox: own } = this.#capabilities;
    return {
      id: freshId(),
      container: sandbox.id,
      network,
      ...(own ? { sandbox: sandbox.path } : {}),
      ifName: 'eth0',
      address: addresses ? network.gateway.replace(/\.1$/, `.${host}/24`) : '',
      mac: addresses ? macOf(network, host) : '',
      gateway: network.gateway,
      defaultRoute: true,
      ports: ports.map((port) => ({ ...port })),
    };
  }

  /** Attaches an endpoint; detached at the end. */
  async attach(endpoint: Endpoint): Promise<Endpoint> {
    this.#undo.push(() => this.detach(endpoint));
    await this.driver.attach(endpoint, this.ctx());
    return endpoint;
  }

  async detach({ id, container, network, address, ports }: Endpoint): Promise<void> {
    await this.driver.detach({ id, container, network, address, ports }, this.ctx());
  }

  /** A sandbox with an endpoint in it. */
  async container(network: Network, host: number, ports: readonly PortBinding[] = []): Promise<Endpoint> {
    return this.attach(this.endpoint(network, await this.openSandbox(), host, ports));
  }

  /** A server that is stopped at the end. */
  async serve(namespace: string | undefined, transport: Transport, port: number): Promise<Server> {
    const server = await serve(namespace, transport, port);
    this.#undo.push(() => server.stop());
    return server;
  }

  /** A namespace beside the host, such as a neighbour on the wire: answers its file, its address and the host's on that wire. */
  async outside(): Promise<{ readonly path: string; readonly address: string; readonly host: string }> {
    const path = join(this.scratch, `outside-${randomBytes(4).toString('hex')}`);
    const link = `so${randomBytes(5).toString('hex')}`;
    const wire = this.#prefix('198.19');
    this.#undo.push(() => this.kernel.namespaces.removeNetwork(path));
    await this.kernel.namespaces.createNetwork(path);
    this.#undo.push(() => this.kernel.links.remove(link));
    await this.kernel.links.createVeth(link, { name: 'wire0', namespace: path, up: true, addresses: [`${wire}.2/24`] }, { up: true });
    await this.kernel.links.addAddress(link, `${wire}.1/24`);
    return { path, address: `${wire}.2`, host: `${wire}.1` };
  }

  /** The namespace on the wire, with the network's gateway as its address. */
  async neighbour(network: Network): Promise<string> {
    const { wire } = this.#fixture;
    assert.ok(wire !== undefined, 'the fixture of a wired driver needs a wire');
    await this.kernel.links.addAddress(wire.link, `${network.gateway}/24`, wire.namespace);
    return wire.namespace;
  }

  /** The host's link on the wire. */
  get parent(): string {
    return this.#fixture.wire?.parent ?? '';
  }

  async restart(): Promise<void> {
    this.driver = await this.#fixture.restart();
  }

  stranger(): Promise<NetworkDriver> {
    return this.#fixture.stranger();
  }

  async observed(driver: NetworkDriver = this.driver): Promise<readonly string[]> {
    return (await driver.observe()).map(({ resource, id }) => `${resource} ${id}`).toSorted();
  }

  async footprint(): Promise<Footprint> {
    const tables = await this.kernel.firewall.list('list tables');
    return {
      links: (await this.kernel.links.list()).map(({ name, up, addresses }) => `${name} ${up} ${addresses.join(' ')}`).toSorted(),
      tables: tables.map((table) => JSON.stringify(table['table'])).toSorted(),
      namespaces: (await this.kernel.mounts.list())
        // Those of others come and go: who deletes a file unmounts it here as well.
        .filter(({ type, target }) => type === 'nsfs' && target.startsWith(`${this.scratch}/`))
        .map(({ target }) => target)
        .toSorted(),
      observed: await this.observed(),
    };
  }

  /** The firewall without counters and handles, as text. */
  async rules(): Promise<string> {
    return ruleText(await this.kernel.firewall.list('list ruleset'));
  }

  /** Runs `work`, which must fail with `code` and leave nothing behind. */
  async failsWithoutTrace(code: ErrorCode, work: () => Promise<unknown>): Promise<ShiplogError> {
    const before = { ...(await this.footprint()), rules: await this.rules() };
    const error = await rejectsWith(code, work);
    assert.deepEqual({ ...(await this.footprint()), rules: await this.rules() }, before, 'the failure left something behind');
    return error;
  }

  /** Undoes everything, last first, and looks whether the host is as before. The first failure is thrown at the end. */
  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.#undo.toReversed()) await undo().catch((error: unknown) => failures.push(error));
    try {
      const after = await this.footprint();
      if ((await this.kernel.namespaces.getSysctl(FORWARDING)) !== this.#forwarding) {
        await this.kernel.namespaces.setSysctl(FORWARDING, this.#forwarding);
      }
      if (failures.length > 0) throw failures[0];
      assert.deepEqual(after, this.#before, 'something stayed on the host');
    } finally {
      await this.#fixture.cleanup();
    }
  }
}

/** The code is the one of the catalogue; the message is for a person. */
export async function rejectsWith(code: ErrorCode, work: () => Promise<unknown>): Promise<ShiplogError> {
  const error: unknown = await work().then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof ShiplogError)) throw new Error(`expected ${code}, got ${String(error)}`, { cause: error });
  assert.ok(error.code in ERRORS, `${error.code} is not in the catalogue`);
  assert.equal(error.code, code, error.message);
  assert.ok(error.message.length > 0, 'the error has no message');
  return error;
}

/** Adds a named check, which gets a lab of its own. */
export type AddCheck = (name: string, body: (lab: Lab) => Promise<void>) => void;
