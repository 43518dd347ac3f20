import { ShiplogError } from '@shiplog/contracts';

/** Removes one after the other, and answers the names of those that went. What somebody came to use, or removed, meanwhile is passed over. */
export async function removeEach<T extends { readonly name: string }>(
  all: readonly T[],
  remove: (one: T) => Promise<unknown>,
): Promise<readonly string[]> {
  const gone: string[] = [];
  for (const one of all) {
    try {
      await remove(one);
      gone.push(one.name);
    } catch (error) {
      if (!/_(IN_USE|NOT_FOUND)$/.test(ShiplogError.wrap(error).code)) throw error;
    }
  }
  return gone;
}
