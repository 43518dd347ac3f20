import type { ContainerRecord, FileMount, FileTree, OpenFiles } from '@shiplog/contracts';
import { publishVolumes, unpublishVolumes, volumeDriver } from '../containers/container-volumes.ts';
import type { Operation } from '../commands/operation.ts';

/** What an operation wants of a container's files. */
export interface Wanted {
  /** Its root file system alone, without what is mounted in it. */
  readonly bare: boolean;
  /** A volume that is empty gets what the image has, as at a start. Without it, that shows where the volume would be. */
  readonly seed: boolean;
}

/**
 * Opens files of a container for an operation. Of one that runs, they are as its main process sees them; of another, its root file system is mounted, with its volumes and
 * binds, each as a step. That is given back when `use` has come to its end; where it fails, by the operation's undo.
 */
export async function withFiles<R>(
  op: Operation,
  container: ContainerRecord,
  wanted: Wanted,
  signal: AbortSignal,
  use: (files: OpenFiles) => Promise<R>,
): Promise<R> {
  const files = await op.engine.filesOfContainers.open(await treeOf(op, container, wanted), { op: op.intent.op, signal });
  let result: R;
  try {
    result = await use(files);
  } finally {
    await files.close();
  }
  if (container.process === undefined) await hideFiles(op, container, wanted);
  return result;
}

/** Gives back what was mounted of a container that does not run. Repeating it is free. */
export async function hideFiles(op: Operation, container: ContainerRecord, { bare }: Pick<Wanted, 'bare'>): Promise<void> {
  if (!bare) await unpublishVolumes(op, container);
  const target = op.engine.parts.paths.rootfs(container.id);
  await op.step('storage', container.storageDriver, 'unmount', { key: container.id, target }, { givingBack: true });
}

/** The same after a crash: of a container that is still there, unless something else holds it. */
export async function hideAgain(op: Operation, id: string, wanted: Pick<Wanted, 'bare'>): Promise<void> {
  const container = op.engine.ledger.head.containers.get(id);
  if (container !== undefined && !container.active) await hideFiles(op, container, wanted);
}

async function treeOf(op: Operation, container: ContainerRecord, { bare, seed }: Wanted): Promise<FileTree> {
  const { id, process, storageDriver } = container;
  const root = op.engine.parts.paths.rootfs(id);
  if (process !== undefined) return bare ? { root, readonly: true, mounts: [] } : { process };
  await op.step('storage', storageDriver, 'mount', { key: id, target: root });
  if (bare) return { root, readonly: true, mounts: [] };
  const { images, ledger } = op.engine;
  const whole = await images.within(await op.known(container), await images.whole(ledger.head.image(container.imageId)));
  const volumes = await publishVolumes(op, whole, { seed });
  const mounts = nearestFirst(whole.spec.mounts).flatMap((mount): FileMount[] => {
    // What is in a tmpfs is gone when the container does not run.
    if (mount.type === 'tmpfs') return [];
    const { source, target, readOnly: readonly } = mount;
    if (mount.type === 'bind') return [{ source, target, readonly, make: mount.createSource === true }];
    const unlessEmpty = !seed && mount.noCopy !== true && seeds(op, source);
    return [{ source: volumes.get(source) ?? ledger.head.volume(source).mountpoint, target, readonly, unlessEmpty }];
  });
  return { root, readonly: whole.spec.readonlyRootfs, mounts };
}

/** Whether a volume's driver gives it what the image has. */
function seeds({ engine }: Operation, volume: string): boolean {
  const name = volumeDriver(engine, engine.ledger.head.volume(volume).driver);
  return engine.parts.drivers
    .list()
    .some((driver) => driver.kind === 'volume' && driver.name === name && driver.capabilities.seed === true);
}

/** What is mounted in another mount comes after it. */
function nearestFirst(mounts: ContainerRecord['spec']['mounts']): ContainerRecord['spec']['mounts'] {
  const depth = ({ target }: { readonly target: string }): number => target.split('/').filter((name) => name !== '').length;
  return mounts.toSorted((a, b) => depth(a) - depth(b));
}
