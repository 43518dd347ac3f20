import { type JsonObject, type Json, ShiplogError } from '@shiplog/contracts';

/** A network configuration list (CNI 1.0.0, section 1). */
export interface Conflist {
  /** What the plugins call the network. */
  readonly name: string;
  readonly cniVersion: string;
  readonly disableCheck: boolean;
  /** In the order of ADD; the first makes the interface. */
  readonly plugins: readonly [PluginConfiguration, ...PluginConfiguration[]];
}

/** One plugin's part of a list: `type` is the name of its program, the rest is its own. */
export interface PluginConfiguration extends JsonObject {
  readonly type: string;
}

/** Versions of the specification whose results name interfaces. Debian 12's plugins know no later one. */
const VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0'];
/** Those without CHECK. */
const UNCHECKED: ReadonlySet<string> = new Set(['0.3.0', '0.3.1']);
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** Reads a list. Throws REQUEST_INVALID, whose message says what is wrong with it. */
export function parseConflist(text: string): Conflist {
  const list = objectOf(text);
  const { name, cniVersion, plugins, disableCheck = false } = list;
  if (typeof name !== 'string' || !NAME.test(name)) throw invalid('it has no name of letters, digits, dots, dashes and underscores');
  if (typeof cniVersion !== 'string' || !VERSIONS.includes(cniVersion)) {
    throw invalid(`its cniVersion is ${JSON.stringify(cniVersion) ?? 'missing'}; known are ${VERSIONS.join(', ')}`);
  }
  if (!Array.isArray(plugins)) throw invalid('it has no list of plugins');
  const [first, ...others] = plugins.map(pluginOf);
  if (first === undefined) throw invalid('its list of plugins is empty');
  return {
    name,
    cniVersion,
    disableCheck: disableCheck === true || disableCheck === 'true' || UNCHECKED.has(cniVersion),
    plugins: [first, ...others],
  };
}

/** True for a plain object, as JSON has it. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(text: string): JsonObject {
  let read: Json;
  try {
    read = JSON.parse(text) as Json;
  } catch (error) {
    throw invalid('it is not JSON', error);
  }
  if (isObject(read)) return read;
  throw invalid('it is no object');
}

function pluginOf(plugin: Json): PluginConfiguration {
  const type = isObject(plugin) ? plugin['type'] : undefined;
  // The name of a program in the plugins' directories, and no path.
  if (!isObject(plugin) || typeof type !== 'string' || !NAME.test(type))
    throw invalid('one of its plugins has no type that names a program');
  return { ...plugin, type };
}

function invalid(what: string, cause?: unknown): ShiplogError {
  return new ShiplogError('REQUEST_INVALID', `the CNI configuration list cannot be used: ${what}`, {}, { cause });
}
