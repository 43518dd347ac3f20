import type { EventLog, ImageManifest } from '@shiplog/contracts';
import { type EngineParts, type RunningEngine, startEngine } from '@shiplog/engine';
import { hostClock } from '@shiplog/plugin-host';
import { SimHost, simulatedDrivers } from '@shiplog/sim-host';

export const BOOT = 'boot-1';

const IMAGE: ImageManifest = {
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

/** An engine over a log on disk and a host in memory, which is as new as after a reboot. */
export function simulatedEngine(log: EventLog, instance: string): Promise<RunningEngine> {
  const host = new SimHost({ bootId: BOOT, now: hostClock.now });
  const drivers = simulatedDrivers(host, {
    around: async (_call, effect) => effect(),
    archives: () => [{ manifest: IMAGE, tags: ['sim:latest'] }],
  });
  const silent = (): void => undefined;
  let number = 0;
  // Ids that no other run of an engine gives.
  const next = (): string => `${instance}${(number += 1).toString(16).padStart(8, '0')}`;
  const parts: EngineParts = {
    log,
    drivers,
    clock: hostClock,
    identities: { op: next, hex: () => Buffer.from(next()).toString('hex').padEnd(64, '0').slice(0, 64) },
    paths: { root: '/root', rootfs: (id) => `/run/rootfs/${id}`, sandbox: (id) => `/run/netns/${id}` },
    host: {
      hostname: 'sim',
      bootId: BOOT,
      architecture: 'amd64',
      resolvConf: async () => '',
      usage: async () => ({ cpuNs: 0, cpus: 1, memoryBytes: 0 }),
      traffic: async () => [],
    },
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    defaults: { storageDriver: 'sim', runtime: 'sim', logDriver: 'sim', logRoot: '/log', stopTimeoutSeconds: 1, volumeRoot: '/volumes' },
    chosen: { cgroup: 'sim', imageStore: 'sim', vault: 'sim' },
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
  return startEngine(parts);
}
