// time limit: 600 s
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cgroupSuite } from '@shiplog/conformance/cgroup';
import { wrongCrashes } from '@shiplog/conformance/crash/wrong';
import { type CgroupDriver, createContext, ShiplogError } from '@shiplog/contracts';
import { namesIn } from '@shiplog/driver-kit';
import { caughtBy, checksCanFail, replacing, without } from '@shiplog/test-support';
import { fixture, probe } from './fixture.test.util.ts';

interface Host {
  /** The kit is told what is in it, as if it were groups. */
  readonly directory: string;
  /** What drivers of one host remember together. */
  readonly memory: Map<string, unknown>;
}

/** A driver's verbs instead of the right ones. */
type Wrong = (right: CgroupDriver, host: Host) => Partial<CgroupDriver>;
type Limits = Parameters<CgroupDriver['update']>[0]['limits'];

const test = suite('wrong cgroup drivers');
const invalid = (what: string): string =>
  `given ${what}, when a cgroup is created or updated with it, then SPEC_INVALID is told and it can be removed`;

const isThere = async (driver: CgroupDriver, id: string): Promise<boolean> => (await driver.observe()).some((one) => one.id === id);

/** Updates by other limits than were asked for. */
const updating =
  (change: (limits: Limits, id: string, memory: Map<string, unknown>) => Limits): Wrong =>
  (right, { memory }) => ({ update: ({ id, limits }, ctx) => right.update({ id, limits: change(limits, id, memory) }, ctx) });

/** By what the kit checks. */
const WRONG = {
  'given nothing, when a cgroup is created, then it exists, the path names it, and it is observed': {
    does: 'tells the path of the group above',
    make: (right) => ({
      async create(args, ctx) {
        const { cgroupsPath, unsupported } = await right.create(args, ctx);
        return { cgroupsPath: cgroupsPath.replace(/\/[^/]*$/, ''), unsupported };
      },
    }),
  },
  'given a cgroup, when it is created again, then the answer is the same and limits hold': {
    does: 'refuses to make what is there',
    make: (right) => ({
      async create(args, ctx) {
        if (await isThere(right, args.id)) throw new ShiplogError('DRIVER_FAILED', `there is a group ${args.id}`);
        return right.create(args, ctx);
      },
    }),
  },
  'given nothing, when one cgroup is created at the same time by many, then all succeed': {
    does: 'refuses what it is doing already',
    make(right) {
      const busy = new Set<string>();
      return {
        async create(args, ctx) {
          if (busy.has(args.id)) throw new ShiplogError('DRIVER_FAILED', `${args.id} is being made`);
          busy.add(args.id);
          return right.create(args, ctx).finally(() => busy.delete(args.id));
        },
      };
    },
  },
  ...caughtBy<Wrong>(
    [
      'given many cgroups, when they come and go at the same time, then each is whole and none is left',
      'given the last cgroup goes, when others are created at the same time, then they succeed',
    ],
    {
      does: 'removes all groups with one',
      make: (right) => ({
        async remove(args, ctx) {
          await right.remove(args, ctx);
          // Others have been made by now.
          await sleep(20);
          for (const { id } of await right.observe()) await right.remove({ id }, ctx);
          return {};
        },
      }),
    },
  ),
  ...caughtBy<Wrong>(
    [
      'given no cgroup, when it is removed, killed or thawed, then that succeeds',
      'given a cgroup, when it is removed twice and by many at once, then nothing of it is left',
    ],
    {
      does: 'refuses to remove what is not there',
      make: (right) => ({
        async remove(args, ctx) {
          if (!(await isThere(right, args.id))) throw new ShiplogError('NOT_FOUND', `there is no group ${args.id}`);
          return right.remove(args, ctx);
        },
      }),
    },
  ),
  'given no cgroup, when it is updated, joined or frozen, then that fails and makes nothing': {
    does: 'makes a group that is to be updated',
    make: (right) => ({
      async update(args, ctx) {
        const { unsupported } = await right.create(args, ctx);
        return { unsupported };
      },
    }),
  },
  'given limits, when a cgroup is created, then the kernel has them': {
    does: 'makes groups without limits',
    make: (right) => ({ create: ({ id }, ctx) => right.create({ id, limits: {} }, ctx) }),
  },
  'given limits, when some are updated, then those change and the others stay': {
    does: 'takes limits that are not named for none',
    make: updating((limits) => ({ memoryBytes: -1, ...limits })),
  },
  'given limits, when memory goes up and down again, then it is as asked': {
    does: 'lets memory only grow',
    make: updating((limits, id, memory) => {
      const before = Number(memory.get(id) ?? 0);
      if ((limits.memoryBytes ?? 0) < before) return without(without(limits, 'memoryBytes'), 'memorySwapBytes');
      memory.set(id, limits.memoryBytes);
      return limits;
    }),
  },
  'given limits, when they are taken away, then the kernel has none': {
    does: 'takes no limit for nothing to do',
    make: updating((limits) => Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== -1))),
  },
  ...caughtBy<Wrong>(
    [
      'a cpu quota below a millisecond',
      'a cpu period above a second',
      'a cpu list that is none',
      'a memory node that is none',
      'less memory with swap than memory',
      'a device that does not exist',
      'a device without blocks',
    ].map(invalid),
    {
      does: 'takes any limits',
      make: (right) => ({
        create: (args, ctx) => right.create(args, ctx).catch(() => ({ cgroupsPath: `/none/${args.id}`, unsupported: [] })),
      }),
    },
  ),
  ...caughtBy<Wrong>(
    [
      'given 16 MiB, when a process takes more, then it is killed and counted',
      'given 4 processes at most, when a shell starts ten, then a fork fails and there are 4',
      'given a busy process, when a sample is taken, then its numbers are plausible and grow',
      'given a quota of a tenth, when a process is busy, then it is throttled and that is counted',
    ],
    {
      does: 'knows nothing of limits in its samples',
      make: (right) => ({
        async stats(args, ctx) {
          const { pids, cpu, memory, io } = await right.stats(args, ctx);
          return { pids: { ...pids, limit: 0 }, cpu: { ...cpu, throttledNs: 0 }, memory: { ...memory, limitBytes: 0, oomKills: 0 }, io };
        },
      }),
    },
  ),
  ...caughtBy<Wrong>(
    [
      'given huge pages, when they are limited, then the kernel has the limit, or a warning says that it has none',
      'given an RDMA device that is not there, when it is limited, then that is refused, or a warning says that nothing is',
      'given a weight of I/O, when it is set and raised, then that of the kernel goes up, or a warning says that it has none',
      'given a disk, when reading from it is limited and no more, then the kernel has it so, and other limits of it stay',
    ],
    {
      does: 'says nothing of limits that it does not set',
      make: (right) => ({
        create({ id, limits: { hugetlb: _hugetlb, rdma: _rdma, io: _io, ioWeight: _ioWeight, ...limits } }, ctx) {
          return right.create({ id, limits }, ctx);
        },
      }),
    },
  ),
  'given processes that want one CPU, when a sample is taken, then it says how long they waited, if this kernel counts it': {
    does: 'tells of no pressure',
    make: (right) => ({ stats: async (args, ctx) => ({ ...(await right.stats(args, ctx)), pressure: {} }) }),
  },
  'given a process, when it joins once and again, then it and what it starts are in the cgroup': {
    does: 'tells the first process alone',
    make: (right) => ({ processes: async (args, ctx) => ({ pids: (await right.processes(args, ctx)).pids.slice(0, 1) }) }),
  },
  'given a process in one cgroup, when it joins another, then it is in that alone': {
    does: 'leaves a process in its first group',
    make: (right, { memory }) => ({
      async join(args, ctx) {
        if (memory.has(String(args.pid))) return {};
        memory.set(String(args.pid), args.id);
        return right.join(args, ctx);
      },
    }),
  },
  'given running processes, when they are frozen and thawed, then they stand still and go on': {
    does: 'freezes nothing',
    make: () => ({ freeze: async () => ({}) }),
  },
  ...caughtBy<Wrong>(
    [
      'given frozen processes, when they are killed, then they are gone and the cgroup is usable',
      'given processes that fork all the time, when they are killed by two at once, then none is left',
    ],
    { does: 'kills nothing', make: () => ({ kill: async () => ({}) }) },
  ),
  'given two cgroups, when one is killed, then the other lives': {
    does: 'kills all groups with one',
    make: (right) => ({
      async kill(_, ctx) {
        for (const { id } of await right.observe()) await right.kill({ id }, ctx);
        return {};
      },
    }),
  },
  'given processes that fork all the time, when the cgroup is removed, then they and it are gone': {
    does: 'removes nothing',
    make: () => ({ remove: async () => ({}) }),
  },
} satisfies { readonly [check: string]: { readonly does: string; readonly make: Wrong } };

const VERBS = ['create', 'update', 'join', 'freeze', 'thaw', 'kill', 'remove'];

async function ended(child: ChildProcess): Promise<ChildProcess> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child;
}

const answer = await probe();
if (answer.usable) {
  test('given a driver that ends and removes nothing, when the kit is done with it, then no group is left and no process that forks all the time', async () => {
    const kit = await fixture((right) => replacing(right, { kill: async () => ({}), remove: async () => ({}) }));
    const ctx = createContext({ op: 'left', signal: AbortSignal.timeout(30_000) });
    const children: ChildProcess[] = [];
    try {
      for (const id of ['a', 'b']) {
        await kit.driver.create({ id, limits: {} }, ctx);
        const child = spawn('/bin/sh', ['-c', 'read go; while :; do sleep 1000 & sleep 0.01; done'], {
          stdio: ['pipe', 'ignore', 'ignore'],
        });
        children.push(child);
        await kit.driver.join({ id, pid: child.pid ?? 0 }, ctx);
        child.stdin?.end('go\n');
      }
      await kit.driver.freeze({ id: 'a' }, ctx);
      await sleep(100);
    } finally {
      await kit.cleanup();
    }
    assert.equal(await kit.groupsOf(), []);
    for (const { signalCode } of await Promise.all(children.map(ended))) assert.is(signalCode, 'SIGKILL');
  });

  checksCanFail<Wrong>({
    test,
    of: 'cgroup',
    wrong: { ...WRONG, ...wrongCrashes('cgroup', VERBS, 'create') },
    kit: (check, wrong) =>
      cgroupSuite({
        test: check,
        async factory() {
          const right = await fixture();
          // By a name that the kit takes for this driver's own.
          const directory = join(tmpdir(), `shiplog-${right.engineId}`);
          await mkdir(directory);
          const host: Host = { directory, memory: new Map() };
          const spoil = (driver: CgroupDriver): CgroupDriver => replacing(driver, wrong(driver, host));
          return {
            ...right,
            // For the check of it: version 1 has none to tell.
            capabilities: { ...right.capabilities, psi: true },
            driver: spoil(right.driver),
            restart: async () => spoil(await right.restart()),
            async groupsOf(id) {
              const traces = id === undefined ? (await namesIn(directory)).map((name) => join(directory, name)) : [];
              return [...(await right.groupsOf(id)), ...traces];
            },
            async cleanup() {
              await right.cleanup();
              await rm(directory, { recursive: true });
            },
          };
        },
      }),
  });
} else {
  test('given a host without usable version 1 hierarchies, when wrong drivers are to be caught, then that is skipped', async () => {
    process.stdout.write(`SKIP ${answer.reason}\n`);
  });
}
test.run();
