import { ShiplogError, type StateView } from '@shiplog/contracts';
import { findContainerByName } from '../projections/find-container.ts';

/** A container name without its leading slash. Throws NAME_INVALID. */
export function checkContainerName(name: string): string {
  const plain = name.startsWith('/') ? name.slice(1) : name;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(plain)) {
    throw new ShiplogError('NAME_INVALID', `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`, { name });
  }
  return plain;
}

/** Throws CONTAINER_NAME_IN_USE if a container holds the name. */
export function requireFreeName(view: StateView, name: string): void {
  const holder = findContainerByName(view.containers, name);
  if (holder === undefined) return;
  throw new ShiplogError(
    'CONTAINER_NAME_IN_USE',
    `Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    { name, holder: holder.id },
  );
}
