import type { EventLog, ImageManifest } from '@shiplog/contracts';
import type { Clock, Drivers, EngineParts } from '../ports.ts';

/** An image that archives of a simulated world hold. */
export const IMAGE: ImageManifest = {
  id: `sha256:${'a'.repeat(64)}`,
  architecture: 'amd64',
  os: 'linux',
  created: '',
  config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
  layers: [
    {
      diffId: `sha256:${'b'.repeat(64)}`,
      chainId: `sha256:${'b'.repeat(64)}`,
      digest: `sha256:${'c'.repeat(64)}`,
      mediaType: 'tar',
      size: 1,
    },
  ],
  history: [],
  size: 1,
};

const silent = (): void => undefined;

/** What an engine over a simulated host needs. `next` gives texts that no other engine of the test gives: ids are made of them. */
export function simParts(parts: {
  readonly log: EventLog;
  readonly drivers: Drivers;
  readonly clock: Clock;
  readonly instance: string;
  readonly next: () => string;
}): EngineParts {
  const { log, drivers, clock, instance, next } = parts;
  return {
    log,
    drivers,
    clock,
    identities: { op: next, hex: () => Buffer.from(next()).toString('hex').repeat(64).slice(0, 64) },
    paths: { root: '/root', rootfs: (id) => `/run/rootfs/${id}`, sandbox: (id) => `/run/netns/${id}` },
    host: {
      hostname: 'sim',
      bootId: 'boot-1',
      architecture: 'amd64',
      resolvConf: async () => '',
      subnets: async () => [],
      usage: async () => ({ cpuNs: 0, cpus: 1, memoryBytes: 0 }),
      treeBytes: async () => 0,
      exists: async () => true,
      traffic: async () => [],
    },
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    defaults: { storageDriver: 'sim', runtime: 'sim', logDriver: 'sim', logRoot: '/log', stopTimeoutSeconds: 1, volumeRoot: '/volumes' },
    chosen: { cgroup: 'sim', imageStore: 'sim', vault: 'sim', nameServer: 'sim', containerFiles: 'sim', builder: 'sim' },
    networks: [
      { name: 'bridge', driver: 'bridge', subnet: '172.30.0.0/16', options: {} },
      { name: 'host', driver: 'host', options: {} },
      { name: 'none', driver: 'none', options: {} },
    ],
    engineId: 'sim',
    instance,
    version: '0',
    config: {},
  };
}
