import type { ContainerSpec, ImageManifest, MountSpec, PortBinding } from '@shiplog/contracts';
import { PLAIN_SPEC } from '@shiplog/contracts/testing';
import type { SyntheticHost } from './synthetic-host.ts';

/** What things are called, with a number behind. */
export const NAMES = ['web', 'api', 'db', 'cache', 'queue', 'worker', 'cron', 'proxy', 'search', 'mail'];

/** A container such as a service has. */
export function syntheticSpec({ random, state }: SyntheticHost, more: Partial<ContainerSpec>): ContainerSpec {
  const mounts: MountSpec[] = random.chance(0.2)
    ? [{ type: 'volume', source: `data-${random.integer(100)}`, target: '/data', readOnly: false }]
    : [];
  const ports: PortBinding[] = random.chance(0.3) ? [{ protocol: 'tcp', containerPort: 80, hostIp: '', hostPort: 0 }] : [];
  return {
    ...PLAIN_SPEC,
    image: random.of([...state.images.values()].flatMap(({ tags }) => tags)),
    cmd: ['serve', '--port', '80', '--log-level', 'info'],
    env: { names: ['PATH', 'LANG', 'TOKEN'], secret: { id: random.hex(32), hmac: random.hex(64) } },
    labels: { app: random.of(NAMES), 'com.example.release': `r${random.integer(40)}`, 'com.example.owner': 'platform' },
    resources: random.chance(0.4) ? { memoryBytes: 268_435_456, cpuShares: 512 } : {},
    mounts,
    ports,
    ...more,
  };
}

/** An image of so many layers, none of which another has. */
export function syntheticImage({ random }: SyntheticHost, layers: number): ImageManifest {
  const digest = (): `sha256:${string}` => `sha256:${random.hex(64)}`;
  return {
    id: digest(),
    architecture: 'amd64',
    os: 'linux',
    created: '2025-12-01T00:00:00Z',
    config: { Cmd: ['sh'], Env: ['PATH=/usr/bin:/bin'], WorkingDir: '/', StopSignal: 'SIGTERM' },
    layers: Array.from({ length: layers }, () => ({
      diffId: digest(),
      chainId: digest(),
      digest: digest(),
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      size: random.integer(50_000_000),
    })),
    history: Array.from({ length: layers }, () => ({ created: '2025-12-01T00:00:00Z', created_by: 'COPY . /app # buildkit' })),
    size: 120_000_000,
  };
}
