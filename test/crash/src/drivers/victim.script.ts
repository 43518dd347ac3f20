// One life of an engine with real drivers, to be killed: reads its {@link Errand} from the first argument, says what it saw on standard
// output, a line each, and ends by SIGKILL in any case.
import { writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_PLUGINS, MODULES, tearDown, VERSION } from '@shiplog/daemon';
import { compose, type Host } from '@shiplog/plugin-host';
import { hostTraces, silentLogger } from '@shiplog/test-support';
import { disagreements } from './agreement.ts';
import { Death } from './death.ts';
import { mortalPlugins } from './mortal-plugins.ts';
import { Scenes } from './scenes.ts';
import type { Errand, Told } from './errand.ts';

/** Milliseconds in which what an engine does by itself after its start must be done. */
const PATIENCE_MS = 20_000;

function tell(told: Told): void {
  writeSync(1, `${JSON.stringify(told)}\n`);
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Compared only when nothing is under way any more: an exit may come in a little after the start. */
async function settledDisagreements(host: Host): Promise<readonly string[]> {
  for (const until = performance.now() + PATIENCE_MS; ; await sleep(10)) {
    const before = (await host.engine.view()).seq;
    const found = await disagreements(host);
    const { seq } = await host.engine.view();
    if ((found.length === 0 && seq === before) || performance.now() > until) return found;
  }
}

async function eventsSince(host: Host, since: number) {
  const types: string[] = [];
  for await (const { type } of host.engine.log.read({ from: since + 1 })) types.push(type);
  return types;
}

/** Operations that have not one intent and one outcome, of those since a position. */
async function unsettled(host: Host, since: number): Promise<readonly string[]> {
  const kinds = new Map<string, string[]>();
  for await (const { op, kind, type } of host.engine.log.read({ from: since + 1 }))
    if (kind === 'intent' || kind === 'outcome') kinds.set(op, [...(kinds.get(op) ?? []), `${kind} ${type}`]);
  return [...kinds.values()].map(String).filter((all) => !/^intent [a-z.]+,outcome [a-z.]+$/.test(all));
}

/** Everything beneath the engine's directories but the log, and its marks on the host. */
async function remains({ directory }: Errand): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const home of ['root', 'run'])
    for (const path of await readdir(join(directory, home), { recursive: true }))
      if (!/^(log(\/|$)|lock$)/.test(path)) lines.push(`${home}/${path}`);
  return [...lines.toSorted(), ...(await hostTraces(directory))];
}

const errand = JSON.parse(process.argv[2] ?? '{}') as Errand;
const { directory, shelf, archives, bridge, subnet, extraSubnet, isRecovered, since, uid } = errand;
const death = new Death((moment) => tell({ dies: moment }), errand.task === 'tear-down' ? '' : errand.ignored);
const { task } = errand;
if (typeof task === 'object' && 'call' in task) death.arm(task.call);
const host = await compose(
  {
    root: join(directory, 'root'),
    run: join(directory, 'run'),
    storageDriver: shelf.storageDriver,
    bridge,
    subnet,
    runtime: 'oci',
    logDriver: shelf.logDriver,
    driverOptions: {
      'volume/docker-plugin': { 'socket-directory': directory },
      'image-source/directory': { path: archives.layouts },
      'network/cni': { 'conflist-directory': archives.conflists },
    },
    plugins: DEFAULT_PLUGINS,
    isolation: {},
    version: VERSION,
  },
  silentLogger,
  mortalPlugins(MODULES, death),
);
const scenes = new Scenes(host, shelf, archives, extraSubnet, uid);

if (task === 'tear-down') {
  await tearDown(host, [join(directory, 'run'), join(directory, 'root')], silentLogger);
  process.exit(0);
}
if (typeof task === 'object' && 'call' in task) die();
if (isRecovered) tell({ appended: await eventsSince(host, since) });
else {
  const problems = [...(await settledDisagreements(host)), ...(await unsettled(host, since))];
  tell({ recovered: { problems, seq: (await host.engine.view()).seq } });
}
if (task === 'recover') die();
await scenes.tidy();
tell({ remains: await remains(errand) });
if (typeof task === 'object' && 'verb' in task) {
  const run = await scenes.prepare(task.verb);
  death.arm(task.moment);
  await run().catch((error: unknown) => tell({ failed: String(error) }));
  death.disarm();
  tell({ calls: death.calls });
} else {
  flushCompileCache();
  const { damage } = await host.engine.log.verify();
  tell({ damage: damage.map(({ from, to, reason }) => `${from} to ${to}: ${reason}`) });
}
die();
