import type { DriverManifest } from '@shiplog/contracts';

/** What a new driver's manifest says, beside its name. */
export type Blank = Omit<DriverManifest, 'name'>;

/** Families that a driver can be begun for. */
export const FAMILIES = {
  storage: {
    kind: 'storage',
    capabilities: { copyOnWrite: false },
    needs: { root: true },
    doc: 'Every snapshot is a copy of its parent.',
  },
  volume: { kind: 'volume', capabilities: {}, needs: {}, doc: 'Volumes as directories.' },
  network: {
    kind: 'network',
    capabilities: { sandbox: true, addresses: false, mac: false, ports: false, routed: false, wired: false },
    needs: { root: true },
    doc: 'A network namespace with loopback alone.',
  },
  cgroup: {
    kind: 'cgroup',
    capabilities: { freeze: true, kill: true, stats: true, psi: false },
    needs: { root: true },
    doc: 'Control groups, in which nobody gets all pids.',
  },
  runtime: {
    kind: 'runtime',
    capabilities: { terminal: true, exec: true, seccomp: true, init: true },
    needs: { binaries: ['conmon', 'runc'], root: true },
    doc: 'Runs OCI bundles with runc, each under a conmon of its own.',
  },
  log: {
    kind: 'log',
    capabilities: { read: true, follow: true, spool: true, direct: false, lasting: false },
    needs: {},
    doc: 'Output as JSON, one file a container.',
  },
  authorizer: { kind: 'authorizer', capabilities: {}, needs: {}, doc: 'Denies what a rule of its policy fits.', failurePolicy: 'closed' },
  'image-source': { kind: 'image-source', capabilities: {}, needs: {}, doc: 'One image, made by the driver itself.' },
  projection: { kind: 'projection', capabilities: {}, needs: {}, doc: 'How often each sort of event happened.' },
} as const satisfies { readonly [family: string]: Blank };

export type Family = keyof typeof FAMILIES;

/** Packages that a beginning imports beside those that all do. */
export const PEERS: { readonly [family: string]: readonly string[] } = {
  cgroup: ['@shiplog/cgroup-v1', '@shiplog/cgroup-v2'],
  runtime: ['@shiplog/conmon'],
};

/** Families whose drivers, as they begin, hand out streams, and so run inline alone. */
export const INLINE: readonly string[] = ['log', 'runtime'];
