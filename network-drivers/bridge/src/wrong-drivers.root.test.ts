// time limit: 600 s
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import { wrongCrashes } from '@shiplog/conformance/crash/wrong';
import { apart, driverFixture, type NetworkFixture, networkSuite } from '@shiplog/conformance/network';
import { type NetworkDriver, type Observed, ShiplogError } from '@shiplog/contracts';
import { createKernel } from '@shiplog/kernel-linux';
import { caughtBy, checksCanFail, replacing } from '@shiplog/test-support';
import plugin from './index.ts';

interface Host {
  readonly runDir: string;
  /** What drivers of one host remember together. */
  readonly memory: Map<string, unknown>;
}

/** A driver's verbs instead of the right ones. */
type Wrong = (right: NetworkDriver, host: Host) => Partial<NetworkDriver>;
type Attach = Parameters<NetworkDriver['attach']>[0];

const kernel = createKernel();

/** Attaches something else than was asked for. */
const attaching =
  (change: (args: Attach) => Attach): Wrong =>
  (right) => ({ attach: (args, ctx) => right.attach(change(args), ctx) });

/** Leaves a table in the firewall. */
const litter = (): Promise<void> => kernel.firewall.apply(`add table inet left${randomBytes(4).toString('hex')}\n`);

/** Refuses a call while another one for the same thing goes on. */
function oneAtATime<A extends unknown[], T>(call: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
  let isBusy = false;
  return async (...args) => {
    if (isBusy) throw new ShiplogError('DRIVER_FAILED', 'it is being done');
    isBusy = true;
    return call(...args).finally(() => {
      isBusy = false;
    });
  };
}

const withoutRules: Wrong = (right) => ({
  async attach(args, ctx) {
    const answer = await right.attach(args, ctx);
    await kernel.firewall.apply('flush ruleset\n');
    return answer;
  },
  // What it flushed cannot be taken away.
  detach: (args, ctx) => right.detach({ ...args, ports: [] }, ctx).catch(() => ({})),
  removeNetwork: (args, ctx) => right.removeNetwork(args, ctx).catch(() => ({})),
});

/** By what the kit checks. */
const WRONG = {
  'given nothing, when everything is undone, then that succeeds': {
    does: 'refuses to undo what is not there',
    make: (right) => ({
      async detach(args, ctx) {
        if (!(await right.observe()).some(({ id }) => id === args.id)) throw new ShiplogError('NOT_FOUND', `no endpoint ${args.id}`);
        return right.detach(args, ctx);
      },
    }),
  },
  ...caughtBy<Wrong>(
    [
      'given a network, when it is made again, then nothing changes',
      'given an endpoint, when it is attached again, then it is there once',
      'given a port published again, when the endpoint is attached twice, then it is published once',
    ],
    {
      does: 'adds a table to the firewall each time it is called',
      make: (right) => ({
        async createNetwork(args, ctx) {
          await litter();
          return right.createNetwork(args, ctx);
        },
        async attach(args, ctx) {
          await litter();
          return right.attach(args, ctx);
        },
      }),
    },
  ),
  ...caughtBy<Wrong>(
    [
      'given one network, when it is made four times at once, then it is there once',
      'given one sandbox, when it is opened four times at once, then it is whole',
    ],
    {
      does: 'refuses what it is doing already',
      make: (right) => ({
        createNetwork: oneAtATime((args, ctx) => right.createNetwork(args, ctx)),
        openSandbox: oneAtATime((args, ctx) => right.openSandbox(args, ctx)),
      }),
    },
  ),
  'given two networks, when one is removed, then the other stays': {
    does: 'removes all networks with the first',
    make(right) {
      const made: Parameters<NetworkDriver['createNetwork']>[0][] = [];
      return {
        createNetwork(args, ctx) {
          made.push(args);
          return right.createNetwork(args, ctx);
        },
        async removeNetwork(args, ctx) {
          for (const one of made) await right.removeNetwork(one, ctx);
          return right.removeNetwork(args, ctx);
        },
      };
    },
  },
  'given a sandbox, when it is opened again, then it is the same one': {
    does: 'makes a sandbox anew that is there',
    make: (right) => ({
      async openSandbox(args, ctx) {
        await right.closeSandbox(args, ctx);
        return right.openSandbox(args, ctx);
      },
    }),
  },
  'given a sandbox, when it is closed twice, then its file is gone': {
    does: 'leaves the file of a namespace',
    make: (right) => ({
      async closeSandbox(args, ctx) {
        const answer = await right.closeSandbox(args, ctx);
        await writeFile(args.path, '').catch(ignoreMissing);
        return answer;
      },
    }),
  },
  ...caughtBy<Wrong>(
    [
      'given a driver, when eight containers come and go at once, then nothing stays',
      'given an endpoint, when it is detached twice, then it is gone',
      'given an endpoint, when its namespace is gone before, then it can be detached',
      'given an endpoint, when it is removed by its id alone, twice, then it is gone with its ports and all else stays',
    ],
    {
      does: 'leaves something of each endpoint',
      make: (right) => ({
        async detach(args, ctx) {
          await litter();
          return right.detach(args, ctx);
        },
        async removeEndpoint(args, ctx) {
          await litter();
          return right.removeEndpoint(args, ctx);
        },
      }),
    },
  ),
  'given everything, when the engine starts anew, then observe names it and it can be taken away': {
    does: 'sees what it made itself',
    make(right) {
      const made = new Set<string>();
      return {
        openSandbox(args, ctx) {
          made.add(args.id);
          return right.openSandbox(args, ctx);
        },
        observe: async () => (await right.observe()).filter(({ id }) => made.has(id)),
      };
    },
  },
  'given two engines, when one makes things, then the other sees none of them': {
    does: 'sees what drivers of other engines made',
    make: (right, { memory }) => ({
      openSandbox(args, ctx) {
        memory.set(args.id, { resource: 'sandbox', id: args.id });
        return right.openSandbox(args, ctx);
      },
      observe: async () => [...(await right.observe()), ...(memory.values() as MapIterator<Observed>)],
    }),
  },
  'given a sandbox, when it is looked into, then loopback is up and nothing else is there': {
    does: 'leaves a link of its own in sandboxes',
    make: (right) => ({
      async openSandbox(args, ctx) {
        const answer = await right.openSandbox(args, ctx);
        const name = `x${randomBytes(5).toString('hex')}`;
        await kernel.links.createVeth(name, { name: 'extra0', namespace: args.path, up: true }, { up: true });
        return answer;
      },
    }),
  },
  'given sysctls, when a sandbox is opened, then those of the network are set in it and not on the host': {
    does: 'heeds no sysctls',
    make: (right) => ({ openSandbox: (args, ctx) => right.openSandbox({ ...args, sysctls: {} }, ctx) }),
  },
  'given an endpoint, when the sandbox is looked into, then interface, address, hardware address and routes are as asked': {
    does: 'chooses hardware addresses itself',
    make: attaching((args) => ({ ...args, mac: '02:00:00:00:00:77' })),
  },
  'given two networks, when a container joins both, then it has two interfaces and one default route': {
    does: 'sets no default route',
    make: attaching((args) => ({ ...args, defaultRoute: false })),
  },
  'given a sandbox that is not there, when an endpoint is attached, then that fails and nothing stays': {
    does: 'leaves something of what failed',
    make: (right) => ({
      attach: (args, ctx) =>
        right.attach(args, ctx).catch(async (error: unknown) => {
          await litter();
          throw error;
        }),
    }),
  },
  ...caughtBy<Wrong>(
    [
      'given two containers on a network, when one asks the other, then it answers and sees the address',
      'given an internal network, when its containers ask, then they reach each other and nothing outside',
      'given a server in a container, when the host asks it, then it answers',
    ],
    {
      does: 'gives other addresses than it was asked for',
      make: attaching((args) => ({ ...args, address: args.address.replace(/\.(\d+)\//, (_, last) => `.${Number(last) + 100}/`) })),
    },
  ),
  ...caughtBy<Wrong>(
    [
      'given two networks, when a container of one asks one of the other, then nothing answers',
      'given a neighbour of the host, when a container asks it, then it sees the address of the host',
      'given a neighbour with a route, when it asks a container for a port that is not published, then nothing answers',
    ],
    { does: 'forgets its rules', make: withoutRules },
  ),
  'given a server on the loopback address of the host, when a container misroutes to it, then nothing answers': {
    does: 'routes loopback addresses of containers',
    make: (right, host) => ({
      ...withoutRules(right, host),
      async attach(args, ctx) {
        const answer = await right.attach(args, ctx);
        await kernel.firewall.apply('flush ruleset\n');
        for (const { name } of await kernel.links.list())
          if (name !== 'lo') await kernel.namespaces.setSysctl(`net.ipv4.conf.${name}.route_localnet`, '1');
        return answer;
      },
    }),
  },
  ...caughtBy<Wrong>(
    [
      'given a published port, when the host asks its loopback address, then the container answers',
      'given a published port, when a neighbour asks the host, then the container answers and sees the neighbour',
      'given a published port, when containers ask the host for it, then it answers: itself, its neighbour, another network',
      'given a published port, when its container is detached, then nothing answers and another can have it',
      'given a port of one container, when another publishes it, then PORT_IN_USE and nothing stays',
      'given a port a program of the host listens on, when a container publishes it, then PORT_IN_USE and nothing stays',
      'given one port, when two containers publish it at once, then one has it',
    ],
    { does: 'publishes nothing', make: attaching((args) => ({ ...args, ports: [] })) },
  ),
  'given a port published on loopback alone, when a neighbour asks for it, then nothing answers': {
    does: 'publishes on every address',
    make: attaching((args) => ({ ...args, ports: args.ports.map((port) => ({ ...port, hostIp: '' })) })),
  },
  'given a busy host, when free ports are asked for, then they are free, distinct and not those to avoid': {
    does: 'takes every port for free',
    make: () => ({ freePorts: async ({ count }) => ({ ports: Array.from({ length: count }, (_, index) => 49_153 + index) }) }),
  },
} satisfies { readonly [check: string]: { readonly does: string; readonly make: Wrong } };

const VERBS = ['createNetwork', 'openSandbox', 'attach', 'detach', 'closeSandbox', 'removeNetwork'];
const dying = Object.fromEntries(
  Object.entries(wrongCrashes('network', VERBS, 'attach')).map(([check, { does, make }]): [string, { does: string; make: Wrong }] => [
    check,
    { does, make: (right, { runDir, memory }) => make(right, { directory: runDir, memory }) },
  ]),
);

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function wrongFixture(wrong: Wrong): Promise<NetworkFixture> {
  const right = await driverFixture(plugin, kernel);
  const host: Host = { runDir: right.runDir ?? '', memory: new Map() };
  const spoil = (driver: NetworkDriver): NetworkDriver => replacing(driver, wrong(driver, host));
  return {
    ...right,
    driver: spoil(right.driver),
    restart: async () => spoil(await right.restart()),
    stranger: async () => spoil(await right.stranger()),
    async cleanup() {
      // What the wrong driver has left; the network namespace is this file's own.
      for (const { type, target } of await kernel.mounts.list())
        if (type === 'nsfs' && target.startsWith(`${right.scratch}/`)) await kernel.namespaces.removeNetwork(target);
      for (const { name } of await kernel.links.list()) if (name !== 'lo') await kernel.links.remove(name);
      await kernel.firewall.apply('flush ruleset\n');
      await right.cleanup();
    },
  };
}

if (await apart(import.meta.filename)) {
  const test = suite('wrong network drivers');
  checksCanFail<Wrong>({
    test,
    of: 'network',
    wrong: { ...WRONG, ...dying },
    kit: (check, wrong) =>
      networkSuite({
        test: check,
        capabilities: { sandbox: true, addresses: true, ports: true, routed: true, wired: false, mac: true },
        factory: () => wrongFixture(wrong),
      }),
  });
  test.after(async () => kernel[Symbol.asyncDispose]());
  test.run();
}
