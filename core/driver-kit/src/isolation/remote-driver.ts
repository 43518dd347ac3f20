import {
  createContext,
  type DriverFamilies,
  type DriverManifest,
  type LogReadOptions,
  type LogRecord,
  type Observed,
  type OperationContext,
  ShiplogError,
  VERB_TABLES,
  type VerbKind,
} from '@shiplog/contracts';

/** Families whose drivers consist of verbs. The others hand out streams and handles, too. */
const OF_VERBS: ReadonlySet<string> = new Set<VerbKind>([
  'storage',
  'network',
  'cgroup',
  'volume',
  'authorizer',
  'projection',
  'image-source',
]);

/** Can the driver run elsewhere? A log driver that sends output away can, since nobody reads from it. */
export function isIsolatable({ kind, capabilities }: Pick<DriverManifest, 'kind' | 'capabilities'>): boolean {
  return OF_VERBS.has(kind) || (kind === 'log' && capabilities['read'] === false);
}

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
  if (kind === 'log')
    // oxlint-disable-next-line require-yield
    driver['read'] = async function* ({ id }: LogReadOptions): AsyncGenerator<LogRecord> {
      throw new ShiplogError('NOT_SUPPORTED', 'configured logging driver does not support reading', { id });
    };
  // A method for every verb of the table is what a family's driver has; `VerbsOf` is made of the same table.
  return driver as unknown as DriverFamilies[K];
}

function isObserved(value: unknown): value is Observed {
  const { resource, id } = (value ?? {}) as Partial<Observed>;
  return typeof resource === 'string' && typeof id === 'string';
}
