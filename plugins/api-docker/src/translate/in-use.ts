import type { StateView } from '@shiplog/contracts';

/** Ids of the networks that containers are on, running or not. */
export function networksInUse(view: StateView): ReadonlySet<string> {
  return new Set([...view.containers.values()].flatMap(({ endpoints }) => Object.values(endpoints).map(({ networkId }) => networkId)));
}

/** Names of the volumes that containers mount, running or not. */
export function volumesInUse(view: StateView): ReadonlySet<string> {
  const mounts = [...view.containers.values()].flatMap(({ spec }) => spec.mounts);
  return new Set(mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.source] : [])));
}
