import { parseJson, type RegistryAuth, ShiplogError } from '@shiplog/contracts';
import type { Exchange } from './exchange.ts';

/**
 * The credentials in a request's X-Registry-Auth header (Docker Engine API, "Authentication"): base64 of an AuthConfig. None where it is missing or names
 * nobody, as clients send it who are not logged in. Throws REQUEST_INVALID, which does not say what was sent.
 */
export function registryAuth({ request }: Pick<Exchange, 'request'>): { readonly auth?: RegistryAuth } {
  const value = headerOf(request, 'X-Registry-Auth');
  if (value === undefined || value === null) return {};
  return authIn(value, 'X-Registry-Auth header');
}

/** The credentials in a request's X-Registry-Config header: of a build, by registry. Throws REQUEST_INVALID. */
export function registryAuths({ request }: Pick<Exchange, 'request'>): { readonly [registry: string]: RegistryAuth } {
  const value = headerOf(request, 'X-Registry-Config');
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ShiplogError('REQUEST_INVALID', 'invalid X-Registry-Config header: it is no object');
  return Object.fromEntries(
    Object.entries(value).flatMap(([registry, config]) => {
      const { auth } = authIn(config, 'X-Registry-Config header');
      return auth === undefined ? [] : [[registry, auth]];
    }),
  );
}

/** What a header says, base64 of JSON; undefined where it is missing. Throws REQUEST_INVALID, which does not say what was sent. */
function headerOf({ headers }: Exchange['request'], name: string): unknown {
  const header = headers[name.toLowerCase()];
  if (header === undefined || header === '' || Array.isArray(header)) return undefined;
  try {
    // Both alphabets of base64 are read.
    return parseJson(Buffer.from(header, 'base64').toString('utf8'));
  } catch {
    throw new ShiplogError('REQUEST_INVALID', `invalid ${name} header: it is not base64 of JSON`);
  }
}

/** The credentials in an AuthConfig. Throws REQUEST_INVALID. */
export function authIn(value: unknown, where: string): { readonly auth?: RegistryAuth } {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ShiplogError('REQUEST_INVALID', `invalid ${where}: it is no object`);
  const fields = value as { readonly [name: string]: unknown };
  const text = (name: string): string | undefined => {
    const found = fields[name] ?? '';
    if (typeof found !== 'string') throw new ShiplogError('REQUEST_INVALID', `invalid ${where}: ${name} is no string`);
    return found === '' ? undefined : found;
  };
  const [username, password] = [text('username'), text('password')];
  const [identityToken, registryToken] = [text('identitytoken'), text('registrytoken')];
  if (username === undefined && identityToken === undefined && registryToken === undefined) return {};
  return {
    auth: {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(identityToken === undefined ? {} : { identityToken }),
      ...(registryToken === undefined ? {} : { registryToken }),
    },
  };
}
