import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';

/** Where a plugin listens. */
export interface PluginAddress {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer; readonly rejectUnauthorized: boolean };
}

/** Names that cannot lead out of a directory. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/**
 * Finds a plugin as Docker does: a socket `NAME.sock` in `sockets` (or in `NAME/`), then `NAME.spec` (a URL) or `NAME.json` in each of
 * `specs`. Throws DRIVER_NOT_FOUND, in Docker's words.
 */
export async function findPlugin(name: string, sockets: string, specs: readonly string[]): Promise<PluginAddress> {
  if (!NAME.test(name)) throw notFound(name);
  for (const socketPath of [join(sockets, `${name}.sock`), join(sockets, name, `${name}.sock`)]) {
    if (await isSocket(socketPath)) return { socketPath };
  }
  for (const directory of specs) {
    for (const base of [join(directory, name), join(directory, name, name)]) {
      const url = await textOf(`${base}.spec`);
      if (url !== undefined) return parseUrl(name, url.trim());
      const json = await textOf(`${base}.json`);
      if (json !== undefined) return parseJson(name, json);
    }
  }
  throw notFound(name);
}

interface JsonSpec {
  readonly Addr?: string;
  readonly TLSConfig?: {
    readonly InsecureSkipVerify?: boolean;
    readonly CAFile?: string;
    readonly CertFile?: string;
    readonly KeyFile?: string;
  };
}

async function parseJson(name: string, text: string): Promise<PluginAddress> {
  let spec: JsonSpec;
  try {
    spec = JSON.parse(text) as JsonSpec;
  } catch (error) {
    throw new ShiplogError('DRIVER_UNAVAILABLE', `the description of plugin "${name}" is no JSON`, { name }, { cause: error });
  }
  const address = parseUrl(name, spec.Addr ?? '');
  const { CAFile, CertFile, KeyFile, InsecureSkipVerify } = spec.TLSConfig ?? {};
  if (spec.TLSConfig === undefined) return address;
  const [ca, cert, key] = await Promise.all(
    [CAFile, CertFile, KeyFile].map((path) => (path === undefined || path === '' ? undefined : readFile(path))),
  );
  return {
    ...address,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      rejectUnauthorized: InsecureSkipVerify !== true,
    },
  };
}

function parseUrl(name: string, text: string): PluginAddress {
  const path = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (path !== undefined) return { socketPath: path };
  const [, host, port] = /^(?:tcp|https?):\/\/([^:/]+):(\d{1,5})\/?$/.exec(text) ?? [];
  if (host === undefined)
    throw new ShiplogError('DRIVER_UNAVAILABLE', `plugin "${name}" has an address that cannot be read: ${text}`, { name });
  return { host, port: Number(port) };
}

async function isSocket(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isSocket();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

function notFound(name: string): ShiplogError {
  return new ShiplogError('DRIVER_NOT_FOUND', `error looking up volume plugin ${name}: plugin "${name}" not found`, {
    kind: 'volume',
    name,
  });
}
