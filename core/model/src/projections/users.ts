import type { ContainerRecord, ImageRecord, StateView } from '@shiplog/contracts';

type Containers = Pick<StateView, 'containers'>;

/** Containers made from an image, stopped ones and those being created too. */
export function imageUsers(view: Containers, imageId: string): readonly ContainerRecord[] {
  return [...view.containers.values()].filter((container) => container.imageId === imageId);
}

/** Whether an image's layers are needed of a storage driver: it is with that one, or a container made from it is. */
export function needsLayers(view: Containers, image: ImageRecord, storageDriver: string): boolean {
  return image.storageDriver === storageDriver || imageUsers(view, image.id).some((container) => container.storageDriver === storageDriver);
}

/** Containers that mount a volume, stopped ones and those being created too. */
export function volumeUsers(view: StateView, name: string): readonly ContainerRecord[] {
  return [...view.containers.values()].filter((container) =>
    container.spec.mounts.some((mount) => mount.type === 'volume' && mount.source === name),
  );
}

/** Names of all volumes that containers mount. */
export function volumesUsed(view: Containers): ReadonlySet<string> {
  const mounts = [...view.containers.values()].flatMap(({ spec }) => spec.mounts);
  return new Set(mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.source] : [])));
}

/** Containers that hold something of a network on the host: an endpoint that is attached, being attached or not yet released. */
export function networkUsers(view: StateView, networkId: string): readonly ContainerRecord[] {
  return [...view.containers.values()].filter(
    (container) => container.active && Object.values(container.endpoints).some((endpoint) => endpoint.networkId === networkId),
  );
}
