import type { StateView } from '@shiplog/contracts';

/** Ids of the networks that containers are on: as in Docker, those of a container that is down are free. */
export function networksInUse(view: StateView): ReadonlySet<string> {
  const on = [...view.containers.values()].filter(({ active }) => active).flatMap(({ endpoints }) => Object.values(endpoints));
  return new Set(on.map(({ networkId }) => networkId));
}

/** Names of the volumes that containers mount, running or not. */
export function volumesInUse(view: StateView): ReadonlySet<string> {
  const mounts = [...view.containers.values()].flatMap(({ spec }) => spec.mounts);
  return new Set(mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.source] : [])));
}
