import type { Json } from './json.ts';
import type { DriverInfo, Isolation } from './manifest.ts';

/** A line that a plugin logged or printed. `time` is ISO 8601. */
export interface PluginLine {
  readonly time: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly facts: { readonly [fact: string]: unknown };
}

/** An installed plugin. */
export interface PluginInfo {
  readonly name: string;
  readonly version: string;
  /** As the operator named it: a module, a file or a directory. */
  readonly specifier: string;
  readonly isolation: Isolation;
  /** `idle`: its code was not needed so far. `failing`: it ended by itself, and has not been started again since. */
  readonly status: 'idle' | 'running' | 'failing';
  /** Process id, of a plugin in a process of its own that runs. */
  readonly pid?: number;
  /** How often it ended by itself since the engine started. */
  readonly ends: number;
  readonly lastFailure?: string;
  /** How often its code was loaded anew. */
  readonly reloads: number;
  readonly drivers: readonly DriverInfo[];
}

/** What a reload found: resources that the old code saw and the new one does not, and the other way round, as `kind/name resource id`. */
export interface Reloaded {
  readonly ms: number;
  readonly missing: readonly string[];
  readonly added: readonly string[];
}

/** The installed plugins. All but reading is done through the engine's commands, so that it is recorded. */
export interface PluginControl {
  list(): readonly PluginInfo[];
  /** Throws PLUGIN_NOT_FOUND. */
  inspect(name: string): PluginInfo;
  /** What it said of late, the oldest first. Throws PLUGIN_NOT_FOUND. */
  lines(name: string): readonly PluginLine[];
  /** Loads it and asks its drivers whether they can run. Throws what keeps it from running. Repeating is free. */
  start(name: string): Promise<void>;
  /** Ends its drivers once their calls have ended. Repeating is free. */
  stop(name: string): Promise<void>;
  /**
   * Loads its code anew and puts the new drivers in the place of the old ones, while containers run. If the new code does not load or
   * cannot run, the old one stays, and it throws why.
   */
  reload(name: string): Promise<Reloaded>;
}

/** The views that projections offer. */
export interface Views {
  list(): readonly string[];
  /**
   * What the projection shows once it has folded all that is durable now; `first` and `seq` are the first and the last event it has folded: what
   * was pruned before the first it may not know. Throws VIEW_NOT_FOUND, or what its driver does.
   */
  ask(
    name: string,
    query: { readonly [parameter: string]: string },
  ): Promise<{ readonly first: number; readonly seq: number; readonly view: Json }>;
}

/** What an API is handed beside the engine. */
export interface Extensions {
  readonly plugins: PluginControl;
  readonly views: Views;
}
