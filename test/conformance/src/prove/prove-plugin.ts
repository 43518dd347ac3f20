import { randomBytes } from 'node:crypto';
import type { DriverManifest, Kernel, VerbKind } from '@shiplog/contracts';
import type { PluginDefinition } from '@shiplog/driver-kit';
import type { GuestSource } from '@shiplog/driver-kit/isolation';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { cgroupFixture, cgroupSuite, lackOfHierarchy } from '../cgroup/index.ts';
import type { TestFunction } from '../in-lab.ts';
import { logSuite } from '../log/index.ts';
import { layWire, networkSuite } from '../network/index.ts';
import { pluginSuite } from '../plugin/index.ts';
import { type DriverLab, driverLab, probeOf, type Proven } from '../driver-lab.ts';
import { lackOfBusybox, runtimeFixture, runtimeSuite } from '../runtime/index.ts';
import { driverFixture, storageSuite } from '../storage/index.ts';
import { verbSuite } from '../verbs/index.ts';
import { volumeCrashSuite, volumeSuite } from '../volume/index.ts';
import { anEvent, proveProjection } from './projection.ts';

/** How a runner takes a check: uvu's suite, node:test's `test`, or any other function like it. */
export type Test = (name: string, body: () => Promise<void>) => unknown;

/** How drivers are proven. */
interface Proving {
  readonly test: Test;
  /** Told of what cannot be proven here, and why. */
  readonly skipped?: (what: string, why: string) => void;
  /** This process has a network namespace to itself: drivers of networks are proven. See `apart`. */
  readonly isApart?: boolean;
  /** Processes with a runtime driver are killed at every so many effects of a verb. Absent: at every one. */
  readonly every?: number;
}

export interface PluginProof extends Proving {
  /** What the plugin's module exports by default. */
  readonly plugin: PluginDefinition;
  /** URL of that module: it is also imported alone, to see that this does no work, and where a runtime is killed. */
  readonly module?: string;
  /** The real kernel port, or a double for drivers that need none. */
  readonly kernel: Kernel;
}

/** Runs every kit that fits the plugin and its drivers. */
export async function provePlugin({ plugin, module, kernel, ...proving }: PluginProof): Promise<void> {
  pluginSuite({
    test: (name, body) => void proving.test(name, body),
    plugin,
    services: () => createTestServices({ kernel, stateDir: '/nonexistent', runDir: '/nonexistent' }),
    ...(module === undefined ? {} : { module }),
  });
  const manifests = plugin.drivers.map(({ manifest }) => manifest);
  await proveDrivers({ plugin, kernel, ...(module === undefined ? {} : { module }) }, manifests, proving);
}

/** The same for drivers that run elsewhere: in a program, a process, a thread. */
export async function proveGuest({
  guest,
  drivers,
  kernel,
  ...proving
}: Proving & { readonly guest: GuestSource; readonly drivers: readonly DriverManifest[]; readonly kernel: Kernel }): Promise<void> {
  await proveDrivers({ guest, drivers, kernel }, drivers, proving);
}

async function proveDrivers(
  proven: Proven,
  manifests: readonly DriverManifest[],
  { skipped = tell, isApart = false, every, ...runner }: Proving,
): Promise<void> {
  const test: TestFunction = (name, body) => void runner.test(name, body);
  for (const { kind, name, capabilities, needs } of manifests) {
    const what = `${kind}/${name}`;
    const reason = needs.root === true && process.geteuid?.() !== 0 ? 'it needs root' : await probeOf(proven, kind, name);
    if (reason !== undefined) skipped(what, `it cannot run here: ${reason}`);
    else if (kind === 'cgroup') await proveCgroup(test, proven, name, { capabilities, needs }, skipped);
    else if (kind === 'runtime') await proveRuntime(test, proven, name, { capabilities, every }, skipped);
    else if (kind === 'storage') proveStorage(test, proven, name, capabilities);
    else if (kind === 'network' && 'guest' in proven && 'socket' in proven.guest)
      skipped(what, 'a program that runs already stands in another network namespace than the kit; give its directory');
    else if (kind === 'network' && !isApart)
      skipped(what, 'network drivers are proven in a network namespace of their own; see `apart` of the kit');
    else if (kind === 'network') proveNetwork(test, proven, name, capabilities);
    else if (kind === 'log') proveLog(test, proven, name, capabilities, skipped);
    else if (kind in SAMPLES) proveVerbs(test, proven, kind as keyof typeof SAMPLES, name);
    else skipped(what, `there is no kit for drivers of family ${kind}`);
    if (kind === 'volume' && reason === undefined) proveVolume(test, proven, name, capabilities, skipped);
    if (kind === 'projection' && reason === undefined) proveProjection(test, proven, name);
    if (kind === 'image-source' && reason === undefined)
      skipped(what, 'what it fetches is proven with an image that it has: @shiplog/conformance/image-source');
  }
}

async function proveCgroup(
  test: TestFunction,
  proven: Proven,
  name: string,
  { capabilities, needs }: Pick<DriverManifest, 'capabilities' | 'needs'>,
  skipped: (what: string, why: string) => void,
): Promise<void> {
  const lack = await lackOfHierarchy(proven.kernel, needs.filesystems);
  if (lack !== undefined) return skipped(`cgroup/${name}`, lack);
  const engineId = randomBytes(6).toString('hex');
  cgroupSuite({
    test,
    abilities: { freeze: capabilities['freeze'] === true, kill: capabilities['kill'] === true },
    async factory() {
      const lab = await driverLab(proven, 'cgroup', name);
      return cgroupFixture({ ...lab, engineId, kernel: proven.kernel, capabilities, make: () => lab.make(engineId) });
    },
  });
}

async function proveRuntime(
  test: TestFunction,
  proven: Proven,
  name: string,
  { capabilities, every }: Pick<DriverManifest, 'capabilities'> & { readonly every: number | undefined },
  skipped: (what: string, why: string) => void,
): Promise<void> {
  const what = `runtime/${name}`;
  if ('guest' in proven) return skipped(what, 'runtime drivers hand out streams, and so run inline alone: write it as a module');
  const { plugin, kernel, module } = proven;
  if (module === undefined) return skipped(what, 'it is also killed in processes of its own, which import its module: give `module`');
  const programs = capabilities['programs'] !== false;
  const lack = programs ? await lackOfBusybox() : undefined;
  if (lack !== undefined) return skipped(what, lack);
  const abilities = { terminal: capabilities['terminal'] === true, exec: capabilities['exec'] === true, programs };
  const sampling = every === undefined ? {} : { every };
  runtimeSuite({ test, abilities, skipped, factory: () => runtimeFixture({ plugin, module, name, kernel }), ...sampling });
}

function proveStorage(test: TestFunction, proven: Proven, name: string, capabilities: DriverManifest['capabilities']): void {
  storageSuite({
    test,
    quotas: capabilities['quota'] === true,
    factory: () => driverFixture(proven, name),
  });
}

function proveNetwork(test: TestFunction, proven: Proven, name: string, capabilities: DriverManifest['capabilities']): void {
  const { sandbox = false, addresses = false, mac = false, ports = false, routed = false, wired = false } = capabilities;
  networkSuite({
    test,
    capabilities: { sandbox, addresses, mac, ports, routed, wired },
    async factory() {
      const lab = await driverLab(proven, 'network', name);
      const other = await driverLab(proven, 'network', name);
      const wire = wired ? await layWire(proven.kernel, lab.scratch) : undefined;
      return {
        ...lab,
        driver: await lab.make('aaaaaaaaaaaa'),
        kernel: proven.kernel,
        ...(wire === undefined ? {} : { wire, boot: wire.lay }),
        restart: () => lab.make('aaaaaaaaaaaa'),
        stranger: () => other.make('bbbbbbbbbbbb'),
        async cleanup() {
          await wire?.remove();
          await lab.cleanup();
          await other.cleanup();
        },
      };
    },
  });
}

function proveLog(
  test: TestFunction,
  proven: Proven,
  name: string,
  capabilities: DriverManifest['capabilities'],
  skipped: (what: string, why: string) => void,
): void {
  const what = `log/${name}`;
  if (capabilities['spool'] !== true || capabilities['direct'] === true) return skipped(what, 'it takes no output over from a spool');
  if (capabilities['read'] !== true)
    return skipped(what, 'it cannot read back; run @shiplog/conformance/log with a fixture that looks at its destination (`received`)');
  logSuite({
    test,
    async factory() {
      const lab = await driverLab(proven, 'log', name);
      return { driver: await lab.make(), capabilities, directory: lab.scratch, restart: () => again(lab), cleanup: lab.cleanup };
    },
  });
}

function proveVolume(
  test: TestFunction,
  proven: Proven,
  name: string,
  capabilities: DriverManifest['capabilities'],
  skipped: (what: string, why: string) => void,
): void {
  const what = `volume/${name}`;
  if (capabilities['delegates'] === true)
    return skipped(what, 'it stands for drivers elsewhere; run @shiplog/conformance/volume with one of them');
  volumeSuite({
    test,
    seeds: capabilities['seed'] === true,
    async factory() {
      const lab = await driverLab(proven, 'volume', name);
      return { driver: await lab.make(), name, directory: lab.scratch, lasting: true, restart: () => again(lab), cleanup: lab.cleanup };
    },
  });
  proveVolumeCrashes(test, proven, name);
}

function proveVolumeCrashes(test: TestFunction, proven: Proven, name: string): void {
  volumeCrashSuite({
    test,
    name,
    async factory() {
      const lab = await driverLab(proven, 'volume', name);
      return { ...lab, driver: await lab.make(), kernel: proven.kernel, restart: () => lab.make() };
    },
  });
}

async function again<K extends VerbKind>(lab: DriverLab<K>): ReturnType<DriverLab<K>['make']> {
  await lab.end();
  return lab.make();
}

const volume = (scratch: string) => ({ name: 'data', driver: 'mine', path: `${scratch}/volumes/data/_data`, options: {} });

/** Arguments for the verbs of families that anybody can call. */
const SAMPLES = {
  volume: (scratch: string) => ({
    create: volume(scratch),
    publish: { ...volume(scratch), consumer: 'c0ffee' },
    unpublish: { ...volume(scratch), consumer: 'c0ffee' },
    remove: volume(scratch),
  }),
  authorizer: () => ({
    authorize: {
      type: 'container.create',
      stream: 'container/c0ffee',
      args: { name: 'web', spec: { image: 'busybox', privileged: false, mounts: [] } },
      decided: { id: 'c0ffee', name: 'web', spec: { image: 'busybox', privileged: false, mounts: [] } },
      actor: { scheme: 'unix', uid: 1000, gid: 1000, pid: 42 },
      at: '1000',
    },
  }),
  'image-source': () => ({ resolve: { reference: 'docker.io/nobody/nothing-of-this-name:latest' } }),
  projection: () => ({ fold: { from: 0, events: [anEvent(0), anEvent(1)] }, view: { query: {} } }),
} satisfies { readonly [K in VerbKind]?: (scratch: string) => { readonly [verb: string]: object } };

function proveVerbs(test: TestFunction, proven: Proven, kind: keyof typeof SAMPLES, name: string): void {
  verbSuite({
    test,
    kind,
    name,
    async factory() {
      const lab = await driverLab(proven, kind, name);
      return { driver: await lab.make(), args: SAMPLES[kind](lab.scratch), cleanup: lab.cleanup };
    },
  });
}

function tell(what: string, why: string): void {
  process.stderr.write(`SKIP ${what}: ${why}\n`);
}
