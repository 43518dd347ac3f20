import { type Givens, ShiplogError } from '@shiplog/contracts';

/** The fresh id at `index` of those that came with the command. Throws INTERNAL if the engine gave too few; see `givensNeeded`. */
export function takeId(givens: Givens, index: number): string {
  const id = givens.ids[index];
  if (id === undefined) {
    throw new ShiplogError('INTERNAL', `the command needs ${index + 1} fresh ids and came with ${givens.ids.length}`, {
      needed: index + 1,
      given: givens.ids.length,
    });
  }
  return id;
}
