import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { EngineParts } from '@shiplog/engine';

/** What differs from one simulated engine to another. */
export interface SimulatedPartsOptions extends Pick<EngineParts, 'log' | 'clock' | 'drivers' | 'defaults' | 'networks'> {
  readonly bootId: string;
  /** Of identities: the same seed gives the same. */
  readonly seed: number;
}

/** What an engine that touches nothing is made of. */
export function simulatedParts({ bootId, seed, ...parts }: SimulatedPartsOptions): EngineParts {
  const generator = xoroshiro128plus(seed);
  const digits = (): string => uniformInt(generator, 0, 0xffff_ffff).toString(16).padStart(8, '0');
  let ops = 0;
  const silent = (): void => undefined;
  return {
    ...parts,
    identities: { op: () => `simulated-${seed}-${(ops += 1)}`, hex: () => Array.from({ length: 8 }, digits).join('') },
    paths: { root: '/simulated', rootfs: (id) => `/simulated/rootfs/${id}`, sandbox: (id) => `/simulated/netns/${id}` },
    host: {
      hostname: 'simulated',
      bootId,
      architecture: 'amd64',
      resolvConf: async () => '',
      subnets: async () => [],
      usage: async () => ({ cpuNs: 0, cpus: 1, memoryBytes: 0 }),
      treeBytes: async () => 0,
      exists: async () => true,
      traffic: async () => [],
    },
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    chosen: {
      cgroup: 'simulated',
      imageStore: 'simulated',
      vault: 'simulated',
      nameServer: 'simulated',
      containerFiles: 'simulated',
      builder: 'simulated',
    },
    engineId: 'simulated',
    instance: `simulated-${seed}`,
    version: 'simulated',
    config: {},
    healthChecks: false,
  };
}
