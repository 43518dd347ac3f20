import { ShiplogError } from '@shiplog/contracts';

export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

const PORT = 24_224;

/** `host[:port]`, `tcp://host[:port]` or `unix:///path`; fluentd on this host if absent. Throws SPEC_INVALID. */
export function parseAddress(text = ''): Address {
  if (text === '') return { host: '127.0.0.1', port: PORT };
  const path = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const [, bracketed, plain, port] = /^(?:tcp:\/\/)?(?:\[([^\]]+)\]|([^:/[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port ?? PORT) > 65_535)
    throw new ShiplogError('SPEC_INVALID', `invalid fluentd-address ${text}`, { address: text });
  return { host, port: Number(port ?? PORT) };
}
