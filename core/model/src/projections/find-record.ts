import type { ObjectKind, ObjectRecords, StateView } from '@shiplog/contracts';

/** The record of any kind of object. Throws what the view throws for that kind. */
export function findRecord<K extends ObjectKind>(view: StateView, kind: K, ref: string): ObjectRecords[K] {
  const find: { readonly [Kind in ObjectKind]: () => ObjectRecords[Kind] } = {
    container: () => view.container(ref),
    image: () => view.image(ref),
    network: () => view.network(ref),
    volume: () => view.volume(ref),
  };
  return find[kind]();
}
