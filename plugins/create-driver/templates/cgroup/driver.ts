import v1 from '@shiplog/cgroup-v1';
import v2 from '@shiplog/cgroup-v2';
import { type CgroupDriver, type Probe, ShiplogError } from '@shiplog/contracts';
import { type DriverDefinition, type DriverServices, instantiate, type ScopedDriver } from '@shiplog/driver-kit';

/** Processes and threads of a container that asks for no limit of them. */
const MOST = 4096;

/**
 * The control groups of this host, of either version, by a rule of yours: nobody gets all pids. Say in `create` and `update` what containers may use; or
 * write the other verbs yourself, too: the driver of the unified hierarchy, @shiplog/cgroup-v2, is the one to read.
 */
export function createDriver(services: DriverServices): CgroupDriver & AsyncDisposable {
  let found: Promise<ScopedDriver<'cgroup'>> | undefined;
  const host = async (): Promise<CgroupDriver> => (await (found ??= driverOf(services))).driver;
  return {
    create: async ({ id, limits }, ctx) => (await host()).create({ id, limits: { pids: MOST, ...limits } }, ctx),
    update: async (args, ctx) => (await host()).update(args, ctx),
    join: async (args, ctx) => (await host()).join(args, ctx),
    freeze: async (args, ctx) => (await host()).freeze(args, ctx),
    thaw: async (args, ctx) => (await host()).thaw(args, ctx),
    kill: async (args, ctx) => (await host()).kill(args, ctx),
    remove: async (args, ctx) => (await host()).remove(args, ctx),
    stats: async (args, ctx) => (await host()).stats(args, ctx),
    processes: async (args, ctx) => (await host()).processes(args, ctx),
    observe: async () => (await host()).observe(),
    async *oomKills(signal) {
      // Version 1 tells of none: there it is the runtime's monitor that does.
      yield* (await host()).oomKills?.(signal) ?? [];
    },
    [Symbol.asyncDispose]: async () => (await found)?.dispose(),
  };
}

/** Usable where one of the two is. */
export async function probe(services: DriverServices): Promise<Probe> {
  const choice = await choose(services);
  return typeof choice === 'string' ? { usable: false, reason: choice } : { usable: true };
}

async function driverOf(services: DriverServices): Promise<ScopedDriver<'cgroup'>> {
  const choice = await choose(services);
  if (typeof choice === 'string') throw new ShiplogError('HOST_UNSUITABLE', choice);
  return instantiate(choice, services);
}

/** The first that can run on this host, or why none can. */
async function choose(services: DriverServices): Promise<DriverDefinition<'cgroup'> | string> {
  const reasons: string[] = [];
  for (const definition of [...v2.drivers, ...v1.drivers] as readonly DriverDefinition<'cgroup'>[]) {
    const answer = await definition.probe?.(services);
    if (answer?.usable !== false) return definition;
    reasons.push(answer.reason);
  }
  return reasons.join('; ');
}
