import { isIP } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import { ShiplogError } from '@shiplog/contracts/errors';

/** Where the daemon listens. */
export type Host =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number };

/** Reads `unix:///PATH` or `tcp://ADDRESS:PORT`. Throws CONFIG_INVALID; names are not looked up. */
export function parseHost(text: string): Host {
  const unix = /^unix:\/\/(.+)$/.exec(text)?.[1];
  if (unix !== undefined && isAbsolute(unix) && !unix.includes('\0')) return { kind: 'unix', path: resolve(unix) };
  const [, bracketed, plain, digits] = /^tcp:\/\/(?:\[([^\]]+)\]|([^:/]+)):(\d{1,5})\/?$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? '';
  const port = Number(digits);
  if (isIP(address) === 0 || port > 65_535 || (bracketed !== undefined) !== (isIP(address) === 6)) {
    throw new ShiplogError('CONFIG_INVALID', `--host must be unix:///PATH or tcp://ADDRESS:PORT with an IP address, not "${text}"`, {
      host: text,
    });
  }
  return { kind: 'tcp', address, port };
}

/** The host as {@link parseHost} reads it. */
export function hostText(host: Host): string {
  if (host.kind === 'unix') return `unix://${host.path}`;
  return `tcp://${isIP(host.address) === 6 ? `[${host.address}]` : host.address}:${host.port}`;
}
