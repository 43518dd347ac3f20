import type { CommandArgs, CommandType, ContainerRecord, StateView } from '@shiplog/contracts';
import { ShiplogError } from '@shiplog/contracts';
import { hasEnded, networkUsers } from '@shiplog/model';

/** Verbs that have a container to themselves. Others may go on beside them. */
const EXCLUSIVE: ReadonlySet<CommandType> = new Set<CommandType>([
  'container.start',
  'container.stop',
  'container.restart',
  'container.remove',
  'container.release',
  'container.rename',
  'container.migrate',
  'container.extract',
  'container.stat',
  'container.archive',
  'container.export',
  'container.update',
  'image.commit',
  'network.connect',
  'network.disconnect',
]);

/** Verbs that find a container either up or with nothing of it on the host. */
const NEED_RELEASE: ReadonlySet<CommandType> = new Set<CommandType>([
  'container.start',
  'container.restart',
  'container.migrate',
  'container.extract',
  'container.stat',
  'container.archive',
  'container.export',
  'image.commit',
  'network.connect',
  'network.disconnect',
]);

/** Verbs that read files. They need a container to themselves only where it must be mounted for them. */
const READING: ReadonlySet<CommandType> = new Set<CommandType>(['container.stat', 'container.archive', 'container.export']);

/** Verbs that mount or unmount what a container has: they wait for whoever reads files of one that runs. */
const MOUNTING: ReadonlySet<CommandType> = new Set<CommandType>([
  'container.start',
  'container.restart',
  'container.remove',
  'container.release',
  'container.migrate',
]);

/**
 * Verbs that share layers and blobs from the first moment, and so go one after the other. Those that bring images (load, import, pull) take their turn
 * when what they bring is here.
 */
const SHARE_LAYERS: ReadonlySet<CommandType> = new Set<CommandType>([
  'image.commit',
  'image.migrate',
  'container.migrate',
  'image.remove',
  'image.prune',
]);

/** The container a verb needs to itself. Undefined for other verbs, and where decide will refuse the reference. */
export function soleContainer<T extends CommandType>(view: StateView, type: T, args: CommandArgs[T]): ContainerRecord | undefined {
  if (!EXCLUSIVE.has(type)) return undefined;
  try {
    const container = view.container((args as { readonly container: string }).container);
    return READING.has(type) && container.process !== undefined ? undefined : container;
  } catch (error) {
    if (error instanceof ShiplogError) return undefined;
    throw error;
  }
}

/** Whether a verb that has a container to itself need not wait for those who read files of a container that runs. */
export function sparesReaders(type: CommandType): boolean {
  return !MOUNTING.has(type);
}

/** A container that ended and still holds what it had cannot start, or change its networks, before that is given back. */
export function needsRelease(type: CommandType, container: ContainerRecord | undefined): boolean {
  return NEED_RELEASE.has(type) && container !== undefined && hasEnded(container) && container.active && !container.spec.autoRemove;
}

/**
 * Containers that have ended and still hold something of a network that a verb is to remove. What they held is given back in moments: as in Docker,
 * whoever was told of a stop may remove its networks.
 */
export function endedOnNetworks<T extends CommandType>(view: StateView, type: T, args: CommandArgs[T]): readonly ContainerRecord[] {
  return networksToGo(view, type, args).flatMap((id) => networkUsers(view, id).filter(hasEnded));
}

function networksToGo<T extends CommandType>(view: StateView, type: T, args: CommandArgs[T]): readonly string[] {
  if (type === 'network.prune') return (args as CommandArgs['network.prune']).networks;
  if (type !== 'network.remove') return [];
  try {
    return [view.network((args as CommandArgs['network.remove']).network).id];
  } catch (error) {
    // Decide will refuse the reference.
    if (error instanceof ShiplogError) return [];
    throw error;
  }
}

/** Whether a command makes or takes away layers, as things are. A removal does with a container that is not where its image is. */
export function sharesLayers<T extends CommandType>(view: StateView, type: T, args: CommandArgs[T]): boolean {
  if (SHARE_LAYERS.has(type)) return true;
  if (type === 'container.prune') {
    return (args as CommandArgs['container.prune']).containers.some((id) => isAway(view, view.containers.get(id)));
  }
  return type === 'container.remove' && isAway(view, soleContainer(view, type, args));
}

function isAway(view: StateView, container: ContainerRecord | undefined): boolean {
  const home = container && view.images.get(container.imageId)?.storageDriver;
  return home !== undefined && home !== container?.storageDriver;
}
