import type { ContainerRecord, VolumeRecord } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';
import type { Operation } from '../commands/operation.ts';

type Volume = Pick<VolumeRecord, 'name' | 'driver' | 'options' | 'mountpoint'>;

/** What every verb of a volume driver is told. */
export function volumeArgs({ name, driver, options, mountpoint }: Volume) {
  return { name, driver, path: mountpoint, options: { ...options } };
}

/** The driver for volumes made with the driver name `name`: its own, or the one that stands for all others. */
export function volumeDriver(core: EngineCore, name: string): string {
  const known = core.parts.drivers.list().filter(({ kind }) => kind === 'volume');
  if (known.some((driver) => driver.name === name)) return name;
  return known.find(({ capabilities }) => capabilities.delegates === true)?.name ?? name;
}

/**
 * Makes the container's volumes and asks where they are on this host, by name. To `seed` is to give empty ones what the image has at the mount
 * point, once the root file system is `mounted`.
 */
export async function publishVolumes(
  op: Operation,
  container: ContainerRecord,
  { seed, mounted }: { readonly seed: boolean; readonly mounted?: Promise<unknown> },
): Promise<ReadonlyMap<string, string>> {
  const published = new Map<string, string>();
  for (const mount of container.spec.mounts) {
    if (mount.type !== 'volume' || published.has(mount.source)) continue;
    const volume = await op.revealed(op.engine.ledger.head.volume(mount.source));
    const driver = volumeDriver(op.engine, volume.driver);
    const args = volumeArgs(volume);
    await op.step('volume', driver, 'create', args, { label: `volume.create ${volume.name}`, lasting: true });
    const consumed = { ...args, consumer: container.id };
    await mounted;
    const seeded = !seed || mount.noCopy === true ? {} : { seed: { root: op.engine.parts.paths.rootfs(container.id), path: mount.target } };
    const { path } = await op.step(
      'volume',
      driver,
      'publish',
      { ...consumed, ...seeded },
      { label: `volume.publish ${volume.name}`, undoArgs: consumed },
    );
    published.set(volume.name, path);
  }
  return published;
}

/** The container uses its volumes no more. */
export async function unpublishVolumes(op: Operation, container: ContainerRecord): Promise<void> {
  const names = new Set(container.spec.mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.source] : [])));
  for (const name of names) {
    const recorded = op.engine.ledger.head.volumes.get(name);
    if (recorded === undefined) continue;
    const volume = await op.engine.secrets.known(recorded);
    await op.step(
      'volume',
      volumeDriver(op.engine, volume.driver),
      'unpublish',
      { ...volumeArgs(volume), consumer: container.id },
      { label: `volume.unpublish ${name}`, givingBack: true },
    );
  }
}
