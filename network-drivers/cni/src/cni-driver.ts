import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Kernel, type NetworkDriver, type Observed, ShiplogError } from '@shiplog/contracts';
import {
  type DriverHome,
  type DriverOptions,
  freeHostPorts,
  HOME,
  inject,
  injectable,
  KERNEL,
  KeyedLock,
  type Logger,
  LOGGER,
  OPTIONS,
  refuseListened,
  Sandboxes,
} from '@shiplog/driver-kit';
import { type Attachment, Attachments } from './attachments.ts';
import { Chain } from './chain.ts';
import { readConflist } from './conflist-directory.ts';
import { bridgeOf, checkList, executionOf } from './execution.ts';
import { LoopbackGuard } from './loopback-guard.ts';
import { clearBridge, ensureBridge, removeBridge } from './network-bridge.ts';
import { type Places, placesOf } from './places.ts';
import { Programs } from './programs.ts';
import { publishedBy, refusePublished } from './published.ts';
import { inNamespace } from './stand-in.ts';

type Attach = Parameters<NetworkDriver['attach']>[0];

/** Milliseconds for taking away what a failed attach made, whatever became of its own time. */
const UNDO_MS = 30_000;

/**
 * Containers on networks that CNI plugins make, of a configuration list that the network's options name. Address and ports are the engine's: plugins are
 * told. They are programs, so this driver starts processes where others make system calls.
 */
@injectable()
export class CniDriver implements NetworkDriver {
  readonly #kernel: Kernel;
  readonly #home: DriverHome;
  readonly #logger: Logger;
  readonly #places: Places;
  readonly #programs: Programs;
  readonly #chain: Chain;
  readonly #guard: LoopbackGuard;
  readonly #sandboxes: Sandboxes;
  readonly #attachments: Attachments;
  /** Endpoints of one id go one at a time; so do networks, and claims of ports. */
  readonly #turns = new KeyedLock();

  constructor(
    @inject(KERNEL) kernel: Kernel,
    @inject(HOME) home: DriverHome,
    @inject(OPTIONS) options: DriverOptions,
    @inject(LOGGER) logger: Logger,
  ) {
    this.#kernel = kernel;
    this.#home = home;
    this.#logger = logger;
    this.#places = placesOf(options);
    this.#programs = new Programs(kernel, this.#places.plugins, join(home.runDir, 'plugins.lock'));
    this.#chain = new Chain(this.#programs);
    this.#guard = new LoopbackGuard(kernel, home.engineId, home.runDir);
    this.#sandboxes = new Sandboxes(kernel, home.runDir);
    this.#attachments = new Attachments(home.runDir);
  }

  readonly createNetwork: NetworkDriver['createNetwork'] = ({ network }, { signal }) =>
    this.#turns.run('networks', async () => {
      const list = await readConflist(this.#places.conflists, network.options);
      checkList(list, network);
      const bridge = bridgeOf(list, network);
      const wasThere = await this.#guard.isRaised(network.id);
      for (const plugin of new Set([...list.plugins.map(({ type }) => type), 'static'])) {
        await this.#programs.require(plugin, list.cniVersion, signal);
      }
      await this.#guard.raise(network.id);
      try {
        if (bridge !== undefined) await ensureBridge(this.#kernel, this.#home.engineId, network, bridge);
      } catch (error) {
        // One that was there before may have containers on it.
        if (!wasThere) await this.#removeNetwork(network.id);
        throw error;
      }
      return {};
    });

  readonly removeNetwork: NetworkDriver['removeNetwork'] = ({ network }) =>
    this.#turns.run('networks', async () => {
      await this.#removeNetwork(network.id);
      return {};
    });

  readonly openSandbox: NetworkDriver['openSandbox'] = (args) => this.#sandboxes.open(args);

  readonly closeSandbox: NetworkDriver['closeSandbox'] = (args) => this.#sandboxes.close(args);

  readonly attach: NetworkDriver['attach'] = (args, { signal }) =>
    this.#turns.run(`endpoint ${args.id}`, async () => {
      if (args.sandbox === undefined) {
        throw new ShiplogError('REQUEST_INVALID', `endpoint ${args.id} needs a network namespace to attach to`, { endpoint: args.id });
      }
      if (await this.#isAttached(args, signal)) return {};
      await this.#remove(args.id, signal);
      const list = await readConflist(this.#places.conflists, args.network.options);
      checkList(list, args.network);
      const attachment = { asked: args, execution: executionOf(list, args), disableCheck: list.disableCheck, isWhole: false };
      // A namespace that is not there is the caller's mistake, and no plugin's failure.
      await this.#kernel.links.list(args.sandbox);
      await this.#claim(attachment);
      try {
        let reached: Attachment = attachment;
        const keep = (result: Attachment['result']): Promise<void> =>
          this.#attachments.write((reached = { ...attachment, ...(result && { result }) }));
        await this.#chain.add(attachment, keep, signal);
        await this.#requireAddress(args, args.sandbox);
        await this.#attachments.write({ ...reached, isWhole: true });
      } catch (error) {
        await this.#remove(args.id, AbortSignal.timeout(UNDO_MS)).catch((failure: unknown) =>
          // Its record is there still: detach, or the next start of the engine, tries again.
          this.#logger.warn('a failed attachment could not be taken away', { endpoint: args.id, error: String(failure) }),
        );
        throw error;
      }
      return {};
    });

  readonly detach: NetworkDriver['detach'] = ({ id }, ctx) => this.removeEndpoint({ id }, ctx);

  readonly removeEndpoint: NetworkDriver['removeEndpoint'] = ({ id }, { signal }) =>
    this.#turns.run(`endpoint ${id}`, async () => {
      await this.#remove(id, signal);
      return {};
    });

  readonly freePorts: NetworkDriver['freePorts'] = async ({ count, avoid }) => {
    if (count === 0) return { ports: [] };
    const published = (await this.#attachments.all()).flatMap(({ asked }) => publishedBy(asked));
    const taken = new Set([...avoid, ...published.map(({ hostPort }) => hostPort)]);
    return { ports: [...(await freeHostPorts(this.#kernel, count, taken))] };
  };

  /** Endpoints and namespaces by their records. A network is nothing by itself: what it is made of, its plugins know. */
  async observe(): Promise<readonly Observed[]> {
    const [sandboxes, endpoints] = await Promise.all([this.#sandboxes.observe(), this.#attachments.ids()]);
    return [...sandboxes, ...endpoints.map((id) => ({ resource: 'endpoint', id }))];
  }

  async #removeNetwork(id: string): Promise<void> {
    await removeBridge(this.#kernel, this.#home.engineId, id);
    await this.#guard.lower(id);
  }

  /** It is there as asked for: the kernel shows its address, and its plugins find nothing amiss. */
  async #isAttached(args: Attach, signal: AbortSignal): Promise<boolean> {
    const found = await this.#attachments.find(args.id);
    if (found === undefined || !found.isWhole || !isDeepStrictEqual(found.asked, args)) return false;
    try {
      await this.#requireAddress(args, args.sandbox ?? '');
      await this.#chain.check(found, signal);
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      this.#logger.info('an attachment is not as it was made, and is made again', { endpoint: args.id, error: String(error) });
      return false;
    }
  }

  /** Writes the record, which is a claim on its ports. Throws PORT_IN_USE, and there is none then. */
  #claim(attachment: Attachment): Promise<void> {
    return this.#turns.run('claims', async () => {
      const ports = publishedBy(attachment.asked);
      if (ports.length > 0) refusePublished(ports, await this.#attachments.all());
      await refuseListened(this.#kernel, ports);
      await this.#attachments.write(attachment);
    });
  }

  /** Succeeds when there is nothing; fails when a plugin does, and can be repeated then. */
  async #remove(id: string, signal: AbortSignal): Promise<void> {
    const attachment = await this.#attachments.find(id);
    if (attachment !== undefined) {
      const standIn = join(this.#home.runDir, 'stand-ins', id);
      await inNamespace(this.#kernel, attachment, standIn, (netns) => this.#chain.delete(attachment, netns, signal));
    }
    await this.#turns.run('claims', async () => {
      if (attachment !== undefined) await this.#clearNetwork(attachment);
      await this.#attachments.forget(id);
    });
  }

  async #clearNetwork({ asked: { id, network } }: Attachment): Promise<void> {
    const others = (await this.#attachments.all()).filter(({ asked }) => asked.id !== id);
    if (others.some(({ asked }) => asked.network.id === network.id)) return;
    await clearBridge(this.#kernel, this.#home.engineId, network.id);
  }

  /** What plugins answer is their word; what the kernel shows is what the container has. */
  async #requireAddress({ ifName, address, network }: Attach, sandbox: string): Promise<void> {
    const link = (await this.#kernel.links.list(sandbox)).find(({ name }) => name === ifName);
    if (link?.addresses.includes(address) === true) return;
    throw new ShiplogError(
      'DRIVER_FAILED',
      `the CNI plugins of network ${network.name} succeeded, and interface ${ifName} has not the address ${address}`,
      { network: network.id, found: link?.addresses.join(' ') ?? 'no interface' },
    );
  }
}
