import { createContext, type DriverFamilies, type Observed, type OperationContext, VERB_TABLES, type VerbKind } from '@shiplog/contracts';

/** Families whose drivers can run elsewhere: they consist of verbs. The others hand out streams and handles. */
export const ISOLATABLE: ReadonlySet<string> = new Set<VerbKind>([
  'storage',
  'network',
  'cgroup',
  'volume',
  'authorizer',
  'projection',
  'image-source',
]);

/** Milliseconds for looking at what is there. */
const OBSERVE_MS = 30_000;

/** A driver whose verbs are calls. Answers are as they came; who calls checks them. */
export function remoteDriver<K extends VerbKind>(
  kind: K,
  call: (verb: string, args: object, ctx: OperationContext) => Promise<unknown>,
): DriverFamilies[K] {
  const driver: Record<string, unknown> = {
    async observe(): Promise<readonly Observed[]> {
      const found = await call('observe', {}, createContext({ op: 'observe', signal: AbortSignal.timeout(OBSERVE_MS) }));
      return Array.isArray(found) ? found.filter(isObserved) : [];
    },
  };
  for (const verb of Object.keys(VERB_TABLES[kind])) driver[verb] = (args: object, ctx: OperationContext) => call(verb, args, ctx);
  // A method for every verb of the table is what a family's driver has; `VerbsOf` is made of the same table.
  return driver as unknown as DriverFamilies[K];
}

function isObserved(value: unknown): value is Observed {
  const { resource, id } = (value ?? {}) as Partial<Observed>;
  return typeof resource === 'string' && typeof id === 'string';
}
