import { type Json, type JsonObject, ShiplogError } from '@shiplog/contracts';
import { isObject } from './conflist.ts';

/** Characters of a plugin's own words that go into an error. */
const TOLD = 1000;

/**
 * Reads what a plugin printed after ADD: the fields that others rely on have the shapes they must have (CNI 1.0.0, section 5), and the rest is handed
 * on as it is. Throws DRIVER_FAILED.
 */
export function parseResult(plugin: string, cniVersion: string, stdout: string): JsonObject {
  const result = objectOf(stdout);
  const wrong = (what: string): ShiplogError =>
    new ShiplogError('DRIVER_FAILED', `CNI plugin ${plugin} answered what is no result: ${what}`, { plugin, said: stdout.slice(0, TOLD) });
  if (result === undefined) throw wrong('it is no JSON object');
  if (result['cniVersion'] !== cniVersion) throw wrong(`its cniVersion is not ${cniVersion}`);
  const { interfaces = [], ips = [], routes = [] } = result;
  if (!isList(interfaces, (one) => isName(one['name']) && isText(one['mac']) && isText(one['sandbox']))) throw wrong('its interfaces');
  if (!isList(ips, ({ address, gateway }) => typeof address === 'string' && isText(gateway))) throw wrong('its ips');
  if (!isList(routes, ({ dst, gw }) => typeof dst === 'string' && isText(gw))) throw wrong('its routes');
  return result;
}

/** What a plugin said of its failure (CNI 1.0.0, section 2, "Error"); its own words if it said it otherwise. */
export function failureOf(
  plugin: string,
  command: string,
  ran: { readonly code: number; readonly stdout: string; readonly stderr: string },
): ShiplogError {
  const { code, msg, details } = objectOf(ran.stdout) ?? {};
  const words = [msg, details].filter((part) => typeof part === 'string' && part !== '').join('; ');
  const said = words === '' ? `${ran.stderr.trim() || ran.stdout.trim() || `it said nothing`} (exit code ${ran.code})` : words;
  return new ShiplogError('DRIVER_FAILED', `CNI plugin ${plugin} failed at ${command}: ${said.slice(0, TOLD)}`, {
    plugin,
    command,
    ...(typeof code === 'number' ? { code } : {}),
  });
}

/** Versions that a plugin says it knows (VERSION). */
export function parseVersions(stdout: string): readonly string[] {
  const { supportedVersions } = objectOf(stdout) ?? {};
  return Array.isArray(supportedVersions) ? supportedVersions.filter((version) => typeof version === 'string') : [];
}

function objectOf(text: string): JsonObject | undefined {
  try {
    const read = JSON.parse(text) as Json;
    return isObject(read) ? read : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isList(value: Json | undefined, fits: (one: JsonObject) => boolean): boolean {
  return Array.isArray(value) && value.length <= 256 && value.every((one) => isObject(one) && fits(one));
}

function isText(value: Json | undefined): boolean {
  return value === undefined || typeof value === 'string';
}

function isName(value: Json | undefined): boolean {
  return typeof value === 'string' && /^[^\s/:]{1,15}$/.test(value);
}
