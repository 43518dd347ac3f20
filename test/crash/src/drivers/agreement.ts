import type { DriverFamilies, Observed, ProcessRef, StateView } from '@shiplog/contracts';
import { createContext } from '@shiplog/contracts';
import type { Host } from '@shiplog/plugin-host';
import { containersWithoutNames } from './names.ts';

/** Families whose drivers say what they hold. */
const FAMILIES = ['storage', 'network', 'cgroup', 'runtime', 'volume'] as const;

/** What differs between the state that the log gives and what all drivers find on the host, a line each. */
export async function disagreements(host: Host): Promise<readonly string[]> {
  const state = await host.engine.view();
  const found = new Set<string>();
  for (const { kind, name, probe, loaded } of host.drivers.list()) {
    if (!probe.usable || (loaded === false && !isUsed(state, kind, name))) continue;
    const family = FAMILIES.find((one) => one === kind);
    if (family !== undefined) for (const one of await host.drivers.get(family, name).observe()) found.add(line(`${kind}/${name}`, one));
    else if (kind === 'image-store')
      for (const one of await host.drivers.get('image-store', name).observe()) found.add(line(`${kind}/${name}`, one));
  }
  const { due, free } = expected(state, host);
  return [
    ...[...state.openOperations.values()].map(({ verb }) => `${verb} has no outcome`),
    ...due.filter((one) => !found.has(one)).map((one) => `missing: ${one}`),
    ...[...found].filter((one) => !due.includes(one) && !free.includes(one)).map((one) => `left: ${one}`),
    ...(await processesThatDiffer(state, host)),
    ...(await containersWithoutNames(state)),
  ];
}

/** What must be there, and what may be. */
function expected(state: StateView, host: Host): { readonly due: readonly string[]; readonly free: readonly string[] } {
  const due: string[] = [];
  const free: string[] = [];
  const cgroup = host.drivers.list().find(({ kind, probe, loaded }) => kind === 'cgroup' && probe.usable && loaded !== false)?.name;
  for (const { id, layers, storageDriver } of state.images.values()) {
    due.push(`image-store/local blob ${id}`);
    for (const { chainId, digest } of layers) due.push(`storage/${storageDriver} snapshot ${chainId}`, `image-store/local blob ${digest}`);
  }
  for (const { id, driver } of state.networks.values()) {
    if (driver === 'bridge') due.push(`network/bridge network ${id}`);
    // Links say of which network they are, and not who made them.
    for (const { kind, name } of host.drivers.list()) if (kind === 'network') free.push(`network/${name} network ${id}`);
  }
  for (const { name, driver } of state.volumes.values()) free.push(`volume/${volumeDriver(driver)} volume ${name}`);
  for (const { id, imageId, storageDriver, active, runtime, endpoints, spec } of state.containers.values()) {
    due.push(`storage/${storageDriver} snapshot ${id}`);
    for (const { chainId } of state.image(imageId).layers) due.push(`storage/${storageDriver} snapshot ${chainId}`);
    if (!active) continue;
    due.push(`storage/${storageDriver} mount ${id}`, `cgroup/${cgroup} cgroup ${id}`);
    due.push(`runtime/${runtime} container ${id}`);
    const drivers = Object.values(endpoints).map((endpoint) => ({ endpoint, driver: state.network(endpoint.networkId).driver }));
    for (const { endpoint, driver } of drivers)
      if (driver !== 'host' && driver !== 'none') due.push(`network/${driver} endpoint ${endpoint.id}`);
    if (drivers[0] !== undefined && drivers[0].driver !== 'host') due.push(`network/${drivers[0].driver} sandbox ${id}`);
    for (const mount of spec.mounts) {
      if (mount.type !== 'volume') continue;
      const driver = volumeDriver(state.volume(mount.source).driver);
      // A plain directory needs no note of who uses it.
      (driver === 'local' ? free : due).push(`volume/${driver} publication ${id} of ${mount.source}`);
    }
  }
  return { due: [...new Set(due)], free };
}

async function processesThatDiffer(state: StateView, host: Host): Promise<readonly string[]> {
  const differing: string[] = [];
  for (const { id, name, runtime, status, process } of state.containers.values()) {
    const driver: DriverFamilies['runtime'] = host.drivers.get('runtime', runtime);
    const seen = await driver.state({ id }, createContext({ op: 'examine', signal: AbortSignal.timeout(60_000) }));
    const isUp = status === 'running' || status === 'paused';
    if ((seen.status === 'running') !== isUp) differing.push(`container ${name} is ${status}, and its process ${seen.status}`);
    else if (isUp && seen.process !== undefined && !same(seen.process, process)) differing.push(`container ${name} is another process`);
  }
  return differing;
}

function same(one: ProcessRef, other: ProcessRef | undefined): boolean {
  return one.pid === other?.pid && one.startTicks === other.startTicks;
}

function isUsed(state: StateView, kind: string, name: string): boolean {
  const holders = [...state.images.values(), ...state.containers.values()];
  return kind === 'storage' && holders.some(({ storageDriver }) => storageDriver === name);
}

/** A driver that stands for all others has a name of its own. */
function volumeDriver(name: string): string {
  return name === 'local' ? name : 'docker-plugin';
}

function line(driver: string, { resource, id, of }: Observed): string {
  return `${driver} ${resource} ${id}${of === undefined ? '' : ` of ${of}`}`;
}
