/** What one package may import: ours by package name without the scope, and third parties by module name. */
export interface Allowed {
  readonly ours: readonly string[];
  readonly thirdParty: readonly string[];
}

const driver: Allowed = { ours: ['contracts', 'driver-kit'], thirdParty: [] };

/** The import table of ARCHITECTURE.md. A package that is not here does not exist. */
export const IMPORT_TABLE: { readonly [folder: string]: Allowed } = {
  'core/contracts': { ours: [], thirdParty: ['@sinclair/typebox'] },
  'core/tlog': { ours: [], thirdParty: [] },
  'core/event-log': { ours: ['contracts', 'tlog'], thirdParty: ['level', 'abstract-level', '@node-rs/crc32', 'snappyjs'] },
  'core/oci': { ours: ['contracts'], thirdParty: [] },
  // Of oci, the model uses only the grammar of references, which imports nothing.
  'core/model': { ours: ['contracts', 'oci'], thirdParty: [] },
  'core/engine': { ours: ['contracts', 'model', 'oci'], thirdParty: ['rxjs'] },
  'core/sim-host': { ours: ['contracts'], thirdParty: [] },
  'core/replay': {
    ours: ['contracts', 'tlog', 'event-log', 'model', 'engine', 'sim-host'],
    thirdParty: ['microdiff', 'pure-rand', 'tinyqueue'],
  },
  'core/driver-kit': { ours: ['contracts', 'oci'], thirdParty: ['tsyringe', 'reflect-metadata'] },
  'core/plugin-host': { ours: ['contracts', 'event-log', 'engine', 'driver-kit'], thirdParty: ['inversify', 'reflect-metadata'] },
  'storage-drivers/vfs': driver,
  'storage-drivers/overlay': driver,
  'storage-drivers/btrfs': driver,
  'network-drivers/none': driver,
  'network-drivers/host': driver,
  'network-drivers/bridge': driver,
  'network-drivers/macvlan': driver,
  'network-drivers/ipvlan': driver,
  'network-drivers/cni': driver,
  'plugins/kernel-linux': { ...driver, thirdParty: ['koffi'] },
  'plugins/cgroup-v1': driver,
  'plugins/cgroup-v2': driver,
  'plugins/conmon': { ours: driver.ours, thirdParty: ['node-unix-socket'] },
  'plugins/image-source-directory': { ours: [...driver.ours, 'oci'], thirdParty: [] },
  'plugins/image-source-registry': { ours: [...driver.ours, 'oci'], thirdParty: [] },
  'plugins/runtime-sim': { ours: [...driver.ours, 'sim-host'], thirdParty: [] },
  'plugins/runtime-oci': { ours: [...driver.ours, 'conmon'], thirdParty: [] },
  'plugins/runtime-lxc': { ours: [...driver.ours, 'conmon'], thirdParty: [] },
  'plugins/log-file': driver,
  'plugins/log-fluentd': { ours: driver.ours, thirdParty: ['@msgpack/msgpack'] },
  'plugins/log-journald': driver,
  'plugins/log-k8s-file': driver,
  'plugins/log-none': driver,
  'plugins/log-syslog': driver,
  'plugins/image-store': { ours: [...driver.ours, 'oci'], thirdParty: [] },
  'plugins/container-files': { ours: [...driver.ours, 'oci'], thirdParty: [] },
  'plugins/builder': { ours: [...driver.ours, 'oci'], thirdParty: [] },
  'plugins/name-server': { ours: driver.ours, thirdParty: ['dns-packet'] },
  'plugins/vault-file': driver,
  'plugins/volume-local': driver,
  'plugins/volume-plugin': driver,
  'plugins/api-docker': { ours: [...driver.ours, 'oci'], thirdParty: ['ws'] },
  // Of the model, the API uses the pure pairing of intents with outcomes.
  'plugins/api-native': { ours: [...driver.ours, 'model'], thirdParty: [] },
  'plugins/api-tlog': { ours: [...driver.ours, 'tlog'], thirdParty: [] },
  'plugins/tlog-directory': { ours: ['tlog'], thirdParty: [] },
  'plugins/witness': { ours: [...driver.ours, 'tlog'], thirdParty: [] },
  'plugins/export': { ours: ['contracts', 'model'], thirdParty: ['hyparquet-writer'] },
  'plugins/client': { ours: ['contracts'], thirdParty: [] },
  'plugins/create-driver': { ours: ['contracts'], thirdParty: [] },
  'plugins/cli': {
    ours: ['client', 'contracts', 'event-log', 'create-driver', 'export', 'oci', 'replay', 'reenact', 'tlog', 'tlog-directory'],
    thirdParty: ['picocolors'],
  },
  'plugins/daemon': { ours: ['plugin-host', 'contracts', 'driver-kit'], thirdParty: [] },
  'plugins/reenact': { ours: ['contracts', 'oci', 'replay', 'plugin-host', 'daemon'], thirdParty: [] },
  'test/support': { ours: [], thirdParty: ['tar-fs'] },
  'test/conformance': { ours: ['contracts', 'driver-kit'], thirdParty: [] },
};

/** Test files may import these beside what their package may. */
export const TESTS_MAY_IMPORT: readonly string[] = [
  'test-support',
  'conformance',
  'kernel-linux',
  'driver-kit',
  'oci',
  'contracts',
  'event-log',
  'model',
  'sim-host',
];

/** Readers that exports are checked with. */
const READERS = ['@duckdb/node-api', '@paulirish/trace_engine', 'ajv', 'cloudevents', 'csv-parse', 'hyparquet', 'protobufjs'] as const;

/** Third parties that only test files may import. */
export const TESTS_MAY_USE: readonly string[] = ['uvu', 'fast-check', 'memory-level', 'tar-stream', 'level', 'classic-level', ...READERS];
