import { suite } from 'uvu';
import type { VolumeDriver } from '@shiplog/contracts';
import { defineDriver, type DriverServices, LOGGER, type PluginDefinition } from '@shiplog/driver-kit';
import { createTestServices, registerGlobally } from '@shiplog/driver-kit/testing';
import { checksCanFail } from '@shiplog/test-support';
import { pluginSuite } from './plugin-suite.ts';

interface Wrong {
  readonly plugin: PluginDefinition;
  /** Imported in place of the plugin's. */
  readonly module?: string;
}

const test = suite('wrong plugins');

const driver: VolumeDriver = {
  create: async () => ({}),
  publish: async ({ path }) => ({ path }),
  unpublish: async () => ({}),
  remove: async () => ({}),
  observe: async () => [],
};

/** A right plugin but for what is given. */
function pluginOf(change: {
  readonly name?: string;
  readonly doc?: string;
  readonly create?: (services: DriverServices) => VolumeDriver;
  readonly probe?: () => Promise<{ readonly usable: false; readonly reason: string }>;
}): PluginDefinition {
  const { name = 'mine', doc = 'Keeps nothing.', create = () => ({ ...driver }), probe } = change;
  const manifest = { kind: 'volume', name: 'mine', capabilities: {}, needs: {}, doc } as const;
  return {
    manifest: { name, version: '0.1.0', api: [1] },
    drivers: [defineDriver({ manifest, create, ...(probe === undefined ? {} : { probe }) })],
  };
}

let forget = (): void => undefined;

/** By what the kit checks. */
const WRONG: { readonly [check: string]: { readonly does: string; readonly make: Wrong } } = {
  'given a plugin, when its manifest is read, then name, version and API versions are there': {
    does: 'has a name that no package can have',
    make: { plugin: pluginOf({ name: 'My Plugin' }) },
  },
  'given a plugin, when its drivers are listed, then there is one, and each is named once': {
    does: 'has two drivers of one name',
    make: { plugin: { ...pluginOf({}), drivers: [...pluginOf({}).drivers, ...pluginOf({}).drivers] } },
  },
  'given a fresh process, when the plugin is imported, then the process has nothing left to do': {
    does: 'listens to the process as soon as it is imported',
    make: { plugin: pluginOf({}), module: 'data:text/javascript,process.on("exit", () => {})' },
  },
  'given the volume driver mine, when its manifest is read, then it is complete': {
    does: 'says nothing about its driver',
    make: { plugin: pluginOf({ doc: '' }) },
  },
  'given the volume driver mine, when it is constructed, then it has every verb of its kind and called none of the kernel': {
    does: 'reads the mount table when it is constructed',
    make: {
      plugin: pluginOf({
        create({ kernel }) {
          void kernel.mounts.list();
          return { ...driver };
        },
      }),
    },
  },
  'given the volume driver mine, when it is constructed twice, then these are two, and can be disposed of apart': {
    does: 'has one driver for all engines',
    make: { plugin: pluginOf({ create: () => driver }) },
  },
  'given the volume driver mine, when it has been constructed, then the process-wide container is empty': {
    does: 'registers its logger for the whole process',
    make: {
      plugin: pluginOf({
        create({ logger }) {
          forget = registerGlobally(LOGGER, logger);
          return { ...driver };
        },
      }),
    },
  },
  'given the volume driver mine, when it is probed twice, then it answers the same both times, and says why if it cannot run': {
    does: 'cannot run, and does not say why',
    make: { plugin: pluginOf({ probe: async () => ({ usable: false, reason: '' }) }) },
  },
};

checksCanFail<Wrong>({
  test,
  of: 'plugin',
  wrong: WRONG,
  kit: (check, { plugin, module = 'data:text/javascript,' }) =>
    pluginSuite({
      test: (name, body) => check(name, () => body().finally(() => forget())),
      plugin,
      module,
      services: () => createTestServices({ stateDir: '/nonexistent', runDir: '/nonexistent' }),
    }),
});

test.run();
