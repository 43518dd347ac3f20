import { type DriverFamilies, type DriverInfo, type DriverKind, ShiplogError, simulateDriver, simulateVerb } from '@shiplog/contracts';
import { acting, type Around } from './call.ts';
import { builder } from './builder.ts';
import { cgroup } from './cgroup.ts';
import { containerFiles } from './container-files.ts';
import { type Archives, imageStore } from './image-store.ts';
import { network } from './network.ts';
import { runtime } from './runtime.ts';
import type { SimHost } from './sim-host.ts';
import { storage } from './storage.ts';
import { vault } from './vault.ts';

/** Finds drivers by family and name, as an engine asks for them. */
export interface SimulatedDrivers {
  get<K extends DriverKind>(kind: K, name: string): DriverFamilies[K];
  list(): readonly DriverInfo[];
}

export interface SimulatedOptions {
  readonly around: Around;
  /** Without one there are no images. */
  readonly archives?: Archives;
  /** What {@link SimulatedDrivers.list} tells; any name can be had. */
  readonly names?: { readonly [K in DriverKind]?: readonly string[] };
}

const NAMES: NonNullable<SimulatedOptions['names']> = {
  network: ['bridge', 'host', 'none'],
  storage: ['sim'],
  cgroup: ['sim'],
  runtime: ['sim'],
  log: ['sim'],
  vault: ['sim'],
  'name-server': ['sim'],
  'container-files': ['sim'],
  builder: ['sim'],
  'image-source': ['sim'],
};

/** Drivers of every family that change `host` and nothing else. A driver is made when it is first asked for, under any name. */
export function simulatedDrivers(host: SimHost, { around, archives = () => [], names = {} }: SimulatedOptions): SimulatedDrivers {
  const act = (kind: DriverKind, name: string) => acting(around, kind, name);
  const make: { readonly [K in DriverKind]: (name: string) => DriverFamilies[K] } = {
    storage: (name) => storage(host, name, act('storage', name)),
    network: (name) => network(host, act('network', name)),
    cgroup: (name) => cgroup(host, act('cgroup', name)),
    runtime: (name) => runtime(host, act('runtime', name)),
    volume: (name) => ({
      observe: async () => [],
      create: ({ name: id }, { op }) => act('volume', name)('create', id, () => ({}), op),
      publish: ({ name: id, path }, { op }) => act('volume', name)('publish', id, () => ({ path }), op),
      unpublish: ({ name: id }, { op }) => act('volume', name)('unpublish', id, () => ({}), op),
      remove: ({ name: id }, { op }) => act('volume', name)('remove', id, () => ({}), op),
    }),
    log: () => ({ ...simulateDriver('log'), async *read() {} }),
    'image-source': (name) => ({
      observe: async () => [],
      resolve: (args, { op }) =>
        act('image-source', name)('resolve', args.reference, () => simulateVerb('image-source', 'resolve', args) as object, op),
      fetch: ({ digest }, { op }) => act('image-source', name)('fetch', digest, () => ({}), op),
      tags: async () => ({}),
      login: async () => ({}),
      mount: ({ digest }, { op }) => act('image-source', name)('mount', digest, () => ({ state: 'there' as const }), op),
      upload: ({ digest }, { op }) => act('image-source', name)('upload', digest, () => ({ state: 'pushed' as const }), op),
      publish: ({ reference }, { op }) => act('image-source', name)('publish', reference, () => ({}), op),
    }),
    'image-store': (name) => imageStore(host, act('image-store', name), archives),
    vault: (name) => vault(host, act('vault', name)),
    // No program runs that could ask.
    'name-server': () => ({ async serve() {}, async end() {} }),
    'container-files': (name) => containerFiles(act('container-files', name)),
    builder: (name) => builder(act('builder', name)),
    authorizer: () => simulateDriver('authorizer'),
    projection: () => simulateDriver('projection'),
    kernel: () => {
      throw new ShiplogError('INTERNAL', 'a simulated host has no kernel');
    },
    api: () => {
      throw new ShiplogError('INTERNAL', 'a simulated host has no API');
    },
  };
  const list = infos({ ...NAMES, ...names });
  const made = new Map<string, unknown>();
  return {
    get<K extends DriverKind>(kind: K, name: string): DriverFamilies[K] {
      const key = `${kind}/${name}`;
      const driver = made.get(key) ?? make[kind](name);
      made.set(key, driver);
      // What is kept under a family's key has that family's interface.
      return driver as DriverFamilies[K];
    },
    list: () => list,
  };
}

function infos(names: NonNullable<SimulatedOptions['names']>): readonly DriverInfo[] {
  return Object.entries(names).flatMap(([kind, all]) =>
    all.map((name) => ({
      kind: kind as DriverKind,
      name,
      capabilities: kind === 'image-source' ? { login: true, push: true } : {},
      needs: {},
      doc: '',
      plugin: 'sim',
      probe: { usable: true } as const,
    })),
  );
}
