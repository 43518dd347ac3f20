import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pluginSuite } from '@shiplog/conformance/plugin';
import { runtimeFixture, runtimeSuite } from '@shiplog/conformance/runtime';
import { createContext, type ProcessExit, type RuntimeDriver, ShiplogError } from '@shiplog/contracts';
import { instantiate, type ScopedDriver } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { reported, sampled } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import plugin from './index.ts';

const test = suite('runtime-sim');
const [definition] = plugin.drivers;
const module = new URL('./index.js', import.meta.url).href;
// A process that is simulated keeps no real one.
const alive = setInterval(() => undefined, 1000);
test.after(() => clearInterval(alive));

/** A run directory, and drivers over it one after the other. */
async function lab(options: { readonly [option: string]: string } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'runtime-sim-'));
  let scoped: ScopedDriver<'runtime'> | undefined;
  const make = async (): Promise<RuntimeDriver> => {
    await scoped?.dispose();
    const services = createTestServices({ stateDir: directory, runDir: directory, options });
    scoped = instantiate(definition as Parameters<typeof instantiate<'runtime'>>[0], services);
    return scoped.driver;
  };
  const cleanup = async (): Promise<void> => {
    await scoped?.dispose();
    await rm(directory, { recursive: true, force: true });
  };
  return { directory, make, cleanup };
}

const ctx = () => createContext({ op: 'op', signal: AbortSignal.timeout(60_000) });

const asked = (id: string, annotations: { readonly [name: string]: string } = {}): Parameters<RuntimeDriver['create']>[0] => ({
  id,
  spec: { annotations },
  user: '',
  groups: [],
  seccomp: 'default',
  devices: [],
  allDevices: false,
  init: false,
  files: {},
  directories: [],
  terminal: false,
  stdin: false,
  stdinOnce: false,
  log: { driver: 'none', path: '/nowhere', options: {} },
  runtime: 'sim',
});

const within =
  <R>(work: (driver: RuntimeDriver, again: () => Promise<RuntimeDriver>) => Promise<R>, options = {}) =>
  async (): Promise<void> => {
    const { make, cleanup } = await lab(options);
    try {
      await work(await make(), make);
    } finally {
      await cleanup();
    }
  };

/** The first exit that a driver tells of this container or session. */
async function exitOf(driver: RuntimeDriver, id: string, exec?: string): Promise<ProcessExit> {
  const leaving = AbortSignal.timeout(60_000);
  for await (const exit of driver.exits(leaving)) if (exit.id === id && exit.exec === exec) return exit;
  throw new Error(`no exit of ${id} was told`);
}

pluginSuite({
  test: reported(test, 'runtime/sim', 'plugin'),
  plugin,
  services: () => createTestServices({ stateDir: '/nonexistent', runDir: '/nonexistent' }),
  module,
});

runtimeSuite({
  test: reported(test, 'runtime/sim', 'runtime'),
  abilities: { terminal: false, exec: true, programs: false },
  every: sampled(3),
  factory: () => runtimeFixture({ plugin, module, name: 'sim', kernel: createKernel() }),
});

test(
  'given annotations, when a container starts, then it ends after so long with that exit code',
  within(async (driver) => {
    await driver.create(asked('a', { 'sim.run-ms': '20', 'sim.exit-code': '7' }), ctx());
    const channel = await driver.attach({ id: 'a' });
    const began = Date.now();
    await driver.start({ id: 'a' }, ctx());
    const { exitCode, finishedAt } = await exitOf(driver, 'a');
    assert.is(exitCode, 7);
    assert.ok(Number(BigInt(finishedAt) / 1_000_000n) >= began + 15);
    // Its output is over with it, and there was none.
    for await (const chunk of channel.output) assert.unreachable(`printed ${chunk.data.length} bytes`);
  }),
);

test(
  'given options, when a container has no annotations, then they say how it ends',
  within(
    async (driver) => {
      await driver.create(asked('a'), ctx());
      await driver.start({ id: 'a' }, ctx());
      assert.is((await exitOf(driver, 'a')).exitCode, 3);
    },
    { 'run-ms': '1', 'exit-code': '3' },
  ),
);

test(
  'given a value that cannot be read, when a container is created, then it is refused and nothing stays',
  within(async (driver) => {
    const isInvalid = (error: unknown): boolean =>
      error instanceof ShiplogError && error.code === 'SPEC_INVALID' && /sim.run-ms .*"soon"/.test(error.message);
    await driver.create(asked('a', { 'sim.run-ms': 'soon' }), ctx()).then(
      () => assert.unreachable(),
      (error: unknown) => assert.ok(isInvalid(error), String(error)),
    );
    assert.equal(await driver.observe(), []);
  }),
);

test(
  'given containers, when another driver takes over, then they are the same processes: those that are due have ended when they were',
  within(async (driver, again) => {
    await driver.create(asked('due', { 'sim.run-ms': '30', 'sim.exit-code': '9' }), ctx());
    await driver.create(asked('on'), ctx());
    await driver.create(asked('idle'), ctx());
    const began = Date.now();
    for (const id of ['due', 'on']) await driver.start({ id }, ctx());
    const before = await driver.state({ id: 'on' }, ctx());
    const next = await again();
    const { exitCode, finishedAt } = await exitOf(next, 'due');
    assert.is(exitCode, 9);
    assert.ok(Number(BigInt(finishedAt) / 1_000_000n) >= began + 30);
    assert.equal(await next.state({ id: 'on' }, ctx()), before);
    assert.is((await next.state({ id: 'idle' }, ctx())).status, 'created');
    // Pids are nobody else's, also of those made later.
    const { process } = await next.create(asked('new'), ctx());
    assert.ok(process.pid > 2 ** 22 && process.pid !== before.process?.pid);
    assert.equal(await next.signal({ id: 'on', signal: 15 }, ctx()), { delivered: true });
    const last = await again();
    assert.is((await exitOf(last, 'on')).exitCode, 143);
  }),
);

test(
  'given an exec session, when it is started, then it ends at once with 0; when its container ends first, then with 137',
  within(async (driver) => {
    await driver.create(asked('a'), ctx());
    await driver.start({ id: 'a' }, ctx());
    const session = { id: 'a', exec: 'e', process: {}, user: '', terminal: false, stdin: false };
    await driver.execCreate(session, ctx());
    const told = exitOf(driver, 'a', 'e');
    await driver.execStart({ id: 'a', exec: 'e' }, ctx());
    assert.is((await told).exitCode, 0);
    await driver.execCreate({ ...session, exec: 'f' }, ctx());
    const other = exitOf(driver, 'a', 'f');
    await driver.signal({ id: 'a', signal: 9 }, ctx());
    assert.is((await other).exitCode, 137);
  }),
);

test.run();
