import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { API_VERSION, type DriverKind, type Probe, VERB_TABLES, type VerbTable } from '@shiplog/contracts';
import {
  type DriverDefinition,
  type DriverServices,
  HOME,
  KERNEL,
  LOG,
  LOGGER,
  OPTIONS,
  type PluginDefinition,
  instantiate,
} from '@shiplog/driver-kit';
import { createRecordingKernel, isGloballyRegistered } from '@shiplog/driver-kit/testing';
import type { TestFunction } from '../in-lab.ts';

export interface PluginSuite {
  /** How the runner takes a test: uvu's suite, node:test's `test`. */
  readonly test: TestFunction;
  /** What the plugin's module exports by default. */
  readonly plugin: PluginDefinition;
  /** Services to construct its drivers with; called for every check that needs them. */
  readonly services: () => DriverServices | Promise<DriverServices>;
  /** URL of the plugin's module. Given, it is imported in a process of its own, to see that this does no work. */
  readonly module?: string;
}

/** Every kind of driver there is; a kind this kit does not know is a misspelt one. */
const KINDS: { readonly [K in DriverKind]: true } = {
  storage: true,
  network: true,
  cgroup: true,
  runtime: true,
  log: true,
  'image-source': true,
  'image-store': true,
  volume: true,
  vault: true,
  'name-server': true,
  'container-files': true,
  builder: true,
  authorizer: true,
  projection: true,
  kernel: true,
  api: true,
};

/**
 * Proves that a plugin is what the plugin host expects: a value that says everything about itself and does nothing until
 * it is asked to.
 */
export function pluginSuite({ test, plugin, services, module }: PluginSuite): void {
  const { manifest, drivers } = plugin;

  test('given a plugin, when its manifest is read, then name, version and API versions are there', async () => {
    assert.match(manifest.name, /^(@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/, 'the name is no npm package name');
    assert.match(manifest.version, /^\d+\.\d+\.\d+/, 'the version is no semantic version');
    assert.ok(manifest.api.includes(API_VERSION), `the plugin cannot work with contract version ${API_VERSION}`);
  });
  test('given a plugin, when its drivers are listed, then there is one, and each is named once', async () => {
    assert.ok(drivers.length > 0, 'a plugin without drivers does nothing');
    const names = drivers.map((driver) => `${driver.manifest.kind} ${driver.manifest.name}`);
    assert.deepEqual(names, [...new Set(names)]);
  });
  if (module !== undefined) {
    test('given a fresh process, when the plugin is imported, then the process has nothing left to do', async () => {
      assert.deepEqual(await importAlone(module), { resources: [], listeners: 0 });
    });
  }

  for (const driver of drivers) {
    const name = `${driver.manifest.kind} driver ${driver.manifest.name}`;

    test(`given the ${name}, when its manifest is read, then it is complete`, async () => {
      const { kind, capabilities, needs, doc } = driver.manifest;
      assert.ok(Object.hasOwn(KINDS, kind), `there is no driver kind ${kind}`);
      assert.match(driver.manifest.name, /^[a-z0-9][a-z0-9-]*$/, 'users type the name');
      for (const [ability, has] of Object.entries(capabilities)) assert.equal(typeof has, 'boolean', `capability ${ability}`);
      for (const list of [needs.binaries ?? [], needs.filesystems ?? []]) for (const need of list) assert.equal(typeof need, 'string');
      assert.match(doc, /\.$/, 'the doc is a sentence for people');
    });
    test(`given the ${name}, when it is constructed, then it has every verb of its kind and called none of the kernel`, async () => {
      const kernel = createRecordingKernel();
      const scoped = instantiate(driver, { ...(await services()), kernel });
      try {
        assertVerbs(scoped.driver, driver);
        assert.deepEqual(kernel.calls, [], 'constructing already asked something of the kernel');
      } finally {
        await scoped.dispose();
      }
    });
    test(`given the ${name}, when it is constructed twice, then these are two, and can be disposed of apart`, async () => {
      const [one, other] = [instantiate(driver, await services()), instantiate(driver, await services())];
      assert.notEqual(one.driver, other.driver, 'the class is a singleton');
      await one.dispose();
      await other.dispose();
    });
    test(`given the ${name}, when it has been constructed, then the process-wide container is empty`, async () => {
      await instantiate(driver, await services()).dispose();
      for (const token of [KERNEL, HOME, OPTIONS, LOGGER, LOG, ...('driver' in driver ? [driver.driver as new () => unknown] : [])]) {
        assert.equal(isGloballyRegistered(token), false, `${String(token)} is registered for the whole process`);
      }
    });
    test(`given the ${name}, when it is probed twice, then it answers the same both times, and says why if it cannot run`, async () => {
      if (driver.probe === undefined) return;
      const [first, second] = [await driver.probe(await services()), await driver.probe(await services())];
      for (const answer of [first, second]) assertProbe(answer);
      assert.equal(first.usable, second.usable);
    });
  }
}

/** Families without resources on the host. */
const HOLDS_NOTHING: ReadonlySet<string> = new Set(['authorizer', 'projection']);

function assertVerbs(instance: object, driver: DriverDefinition): void {
  const tables: { readonly [kind: string]: VerbTable } = VERB_TABLES;
  const table = tables[driver.manifest.kind];
  if (table === undefined) return;
  const { capabilities } = driver.manifest;
  const needed = Object.entries(table).flatMap(([verb, { capability }]) =>
    capability === undefined || capabilities[capability] === true ? [verb] : [],
  );
  const methods: { readonly [name: string]: unknown } = Object.fromEntries(
    [...needed, ...(HOLDS_NOTHING.has(driver.manifest.kind) ? [] : ['observe'])].map((verb) => [verb, Reflect.get(instance, verb)]),
  );
  for (const [verb, method] of Object.entries(methods)) assert.equal(typeof method, 'function', `verb ${verb} is missing`);
  for (const [verb, { undo }] of Object.entries(table)) {
    assert.ok(undo === undefined || undo in methods, `${verb} is undone by ${undo}, which is missing`);
  }
}

function assertProbe(probe: Probe): void {
  if (probe.usable) for (const warning of probe.warnings ?? []) assert.ok(warning.length > 0);
  else assert.ok(probe.reason.length > 0, 'the driver cannot run, and does not say why');
}

/** What importing `module` leaves running in a process that does nothing else. */
async function importAlone(module: string): Promise<unknown> {
  const script = `
    const before = process.eventNames().length;
    await import(${JSON.stringify(module)});
    await new Promise((resolve) => setImmediate(resolve));
    const resources = process.getActiveResourcesInfo().filter((name) => !['PipeWrap', 'TTYWrap', 'CloseReq', 'Immediate'].includes(name));
    console.log(JSON.stringify({ resources, listeners: process.eventNames().length - before }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { timeout: 30_000 });
  return JSON.parse(stdout);
}
