import { type ContainerRecord, ShiplogError } from '@shiplog/contracts';
import { findByPrefix } from './find-by-prefix.ts';

/**
 * The container that `ref` means: full id before exact name (a leading `/` is allowed) before unique id prefix, as in
 * Docker. A container whose creation is under way is found too. Throws CONTAINER_NOT_FOUND or REFERENCE_AMBIGUOUS.
 */
export function findContainer(containers: ReadonlyMap<string, ContainerRecord>, ref: string): ContainerRecord {
  const found = containers.get(ref) ?? findContainerByName(containers, ref) ?? findByPrefix(containers, ref);
  if (found === undefined) throw new ShiplogError('CONTAINER_NOT_FOUND', `No such container: ${ref}`, { container: ref });
  return found;
}

/** The container that holds a name, if any does. */
export function findContainerByName(containers: ReadonlyMap<string, ContainerRecord>, name: string): ContainerRecord | undefined {
  const plain = name.startsWith('/') ? name.slice(1) : name;
  for (const container of containers.values()) if (container.name === plain) return container;
  return undefined;
}
