import { type DriverFamilies, type DriverKind, type Result, ShiplogError, VERB_TABLES, type VerbKind } from '@shiplog/contracts';
import { DEFAULT_PLUGINS, MODULES } from '@shiplog/daemon';
import { type DriverRegistry, findPlugins } from '@shiplog/plugin-host';
import type { Replayable } from '@shiplog/replay';
import { CallRecorder } from './call-recorder.ts';
import { type ComparedCall, compareCalls } from './compare-calls.ts';
import { type OperationScript, readOperation } from './operation-script.ts';
import { reenact, type ReenactOptions } from './reenact.ts';

export interface ReplayOperationOptions extends Pick<ReenactOptions, 'images' | 'trusted' | 'signal'> {
  /** The operation's id, or the beginning of it. */
  readonly op: string;
  /** The plugin with the driver under test: a module name, a file or a directory. */
  readonly driver: string;
  /** Told what is being done: first with the recorded drivers, then with the one under test. */
  readonly progress?: (driver: string) => void;
}

/** An operation done again with another driver, call by call. */
export interface ReplayedOperation {
  readonly op: string;
  readonly verb: string;
  readonly kind: VerbKind;
  readonly driver: string;
  readonly calls: readonly ComparedCall[];
  readonly recorded: Pick<Result, 'status' | 'error'>;
  readonly now: Pick<Result, 'status' | 'error'>;
  /** Why the recorded drivers gave no answers to compare with; absent where they did. */
  readonly unanswered?: string;
  /** Calls that were otherwise, and the operation if it ended otherwise. */
  readonly differences: number;
}

/** Families whose drivers operations call step by step. */
const REPLAYED: readonly VerbKind[] = ['storage', 'network', 'cgroup', 'runtime', 'volume'];

/**
 * Does a recorded operation again, with a driver of the plugin `driver` in place of those of its family, in a private root; and before that with
 * the recorded ones, since the log keeps what came of a call and not what it answered. Both get their arguments from the engine, which decides
 * as it did. Throws REQUEST_INVALID where the operation cannot be done again or calls no such driver, PLUGIN_INVALID, NOT_ROOT, and
 * DRIVER_UNAVAILABLE where the driver cannot run here.
 */
export async function replayOperation(
  log: Replayable,
  { op, driver: specifier, progress, ...options }: ReplayOperationOptions,
): Promise<ReplayedOperation> {
  const { kind, name, plugin } = await findDriver(specifier);
  const script = await readOperation(log, op);
  const performWith = async (
    label: string,
    standIns: (drivers: DriverRegistry, recorder: CallRecorder) => Promise<void>,
    plugins: readonly string[] = [],
  ) => {
    progress?.(label);
    const recorder = new CallRecorder(kind, script.op);
    const { events: again, withheld } = await reenact(script.recording, {
      ...options,
      speed: Number.POSITIVE_INFINITY,
      storageDriver: script.recording.defaults.storageDriver,
      plugins,
      bound: (drivers) => standIns(drivers, recorder),
    });
    const [first] = withheld;
    if (first !== undefined) throw new ShiplogError('REQUEST_INVALID', `${first.verb} #${first.seq} was not asked: ${first.why}`);
    const resultOf = (one: string): Result | undefined => again.find((event) => event.op === one && event.kind === 'outcome')?.result;
    for (const { op: needed, seq, verb } of script.recording.commands) {
      const end = resultOf(needed);
      if (needed === script.op || end?.status === 'ok') continue;
      const why = end?.error === undefined ? 'it did not end' : `${end.error.code}: ${end.error.message}`;
      throw new ShiplogError('REQUEST_INVALID', `${verb} #${seq}, which it needs, did not succeed with ${label}: ${why}`);
    }
    return { calls: recorder.calls, result: resultOf(script.op) };
  };

  const reference = await performWith('the recorded drivers', async (drivers, recorder) => {
    for (const each of namesOf(drivers, kind)) drivers.substitute(kind, each, recorded(kind, each, recorder));
  }).catch((error: unknown) => {
    if (error instanceof ShiplogError && (error.code === 'DRIVER_UNAVAILABLE' || error.code === 'DRIVER_NOT_FOUND')) return error.message;
    throw error;
  });
  const { calls, result } = await performWith(
    `${kind} driver ${name}`,
    async (drivers, recorder) => {
      await drivers.prepare(kind, name);
      for (const each of placesOf(script, drivers, kind)) drivers.substitute(kind, each, recorded(kind, name, recorder));
    },
    DEFAULT_PLUGINS.includes(plugin) ? [] : [specifier],
  );

  const compared = compareCalls(kind, script.result, typeof reference === 'string' ? undefined : reference.calls, calls);
  if (compared.length === 0)
    throw new ShiplogError('REQUEST_INVALID', `${script.verb} ${script.op} calls no ${kind} driver: there is nothing to compare`);
  const now = result ?? { status: 'unknown', ms: 0 };
  const otherEnd = now.status !== script.result.status || now.error?.code !== script.result.error?.code;
  return {
    op: script.op,
    verb: script.verb,
    kind,
    driver: name,
    calls: compared,
    recorded: endOf(script.result),
    now: endOf(now),
    ...(typeof reference === 'string' ? { unanswered: reference } : {}),
    differences: compared.filter(({ difference }) => difference !== undefined).length + (otherEnd ? 1 : 0),
  };
}

/** The one driver that a plugin has of a family that operations call. Throws PLUGIN_INVALID. */
async function findDriver(specifier: string) {
  const [plugin] = await findPlugins([specifier], MODULES);
  const drivers = (plugin?.manifest.drivers ?? []).filter(({ kind }) => (REPLAYED as readonly DriverKind[]).includes(kind));
  const [driver] = drivers;
  if (plugin === undefined || driver === undefined || drivers.length > 1)
    throw new ShiplogError(
      'PLUGIN_INVALID',
      `plugin ${specifier} has ${drivers.length === 0 ? 'no driver' : 'more than one driver'} of a family that operations call (${REPLAYED.join(', ')}); give one that has one`,
      { plugin: specifier },
    );
  return { kind: driver.kind as VerbKind, name: driver.name, plugin: plugin.manifest.name };
}

/** The driver `by`, with its calls kept. */
function recorded<K extends VerbKind>(kind: K, by: string, recorder: CallRecorder) {
  return { by, wrap: (driver: DriverFamilies[K]): DriverFamilies[K] => recorder.wrap(driver) };
}

function namesOf(drivers: DriverRegistry, kind: VerbKind): readonly string[] {
  return drivers.list().flatMap((driver) => (driver.kind === kind ? [driver.name] : []));
}

/** Names under which the driver under test is asked for: all of its family, as far as the log or this host know them. */
function placesOf({ recording, networkDrivers }: OperationScript, drivers: DriverRegistry, kind: VerbKind): ReadonlySet<string> {
  if (kind === 'network') return networkDrivers;
  const { storage, volume } = recording.drivers;
  const known: { readonly [K in keyof typeof VERB_TABLES]?: Iterable<string> } = {
    storage: [...storage, recording.defaults.storageDriver],
    volume,
    runtime: [recording.defaults.runtime],
  };
  return new Set([...namesOf(drivers, kind), ...(known[kind] ?? [])]);
}

function endOf({ status, error }: Pick<Result, 'status' | 'error'>): Pick<Result, 'status' | 'error'> {
  return { status, ...(error === undefined ? {} : { error }) };
}
