import type { ContainerRecord, StateView } from '@shiplog/contracts';

/** Containers made from an image, stopped ones and those being created too. */
export function imageUsers(view: StateView, imageId: string): readonly ContainerRecord[] {
  return [...view.containers.values()].filter((container) => container.imageId === imageId);
}

/** Containers that mount a volume, stopped ones and those being created too. */
export function volumeUsers(view: StateView, name: string): readonly ContainerRecord[] {
  return [...view.containers.values()].filter((container) =>
    container.spec.mounts.some((mount) => mount.type === 'volume' && mount.source === name),
  );
}

/** Containers that hold something of a network on the host: an endpoint that is attached, being attached or not yet released. */
export function networkUsers(view: StateView, networkId: string): readonly ContainerRecord[] {
  return [...view.containers.values()].filter(
    (container) => container.active && Object.values(container.endpoints).some((endpoint) => endpoint.networkId === networkId),
  );
}
