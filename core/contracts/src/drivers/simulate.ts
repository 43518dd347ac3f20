import type { DriverFamilies } from './families.ts';
import { VERB_TABLES, type VerbKind } from './families.ts';
import type { VerbTable } from './verb.ts';

/** What a driver of the family for which all goes well would have answered. Touches nothing. */
export function simulateVerb<K extends VerbKind>(kind: K, verb: string, args: object): unknown {
  const table: VerbTable = VERB_TABLES[kind];
  return table[verb]?.simulate?.(args as never) ?? {};
}

/** The verbs of a family as a driver that touches nothing: each answers as {@link simulateVerb}, and `tell` hears of it first. */
export function simulateDriver<K extends VerbKind>(
  kind: K,
  tell: (verb: string, args: object) => void = () => undefined,
): DriverFamilies[K] {
  const driver: Record<string, unknown> = { observe: async () => [] };
  for (const verb of Object.keys(VERB_TABLES[kind])) {
    driver[verb] = async (args: object) => {
      tell(verb, args);
      return simulateVerb(kind, verb, args);
    };
  }
  // A method for every verb of the table is what a family's driver has; `VerbsOf` is made of the same table.
  return driver as unknown as DriverFamilies[K];
}
