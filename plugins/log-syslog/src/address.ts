import { ShiplogError } from '@shiplog/contracts';

/** Where a syslog server listens. */
export type Address =
  | { readonly protocol: 'unix' | 'unixgram'; readonly path: string }
  | { readonly protocol: 'udp' | 'tcp' | 'tcp+tls'; readonly host: string; readonly port: number };

/** `udp://host:port`, `tcp://…`, `tcp+tls://…`, `unix:///path`, `unixgram:///path`; the port is 514 if absent. Throws SPEC_INVALID. */
export function parseAddress(text: string): Address {
  const match = /^([a-z+]+):\/\/(.*)$/.exec(text);
  if (match === null) throw invalid(`syslog-address should be in form proto://address, got ${text}`);
  const [, protocol = '', rest = ''] = match;
  if (protocol === 'unix' || protocol === 'unixgram') {
    if (!rest.startsWith('/')) throw invalid(`syslog-address: ${text} names no absolute path`);
    return { protocol, path: rest };
  }
  if (protocol !== 'udp' && protocol !== 'tcp' && protocol !== 'tcp+tls')
    throw invalid(`unsupported protocol in syslog-address: ${protocol}`);
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:/]+))(?::(\d{1,5}))?$/.exec(rest) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port ?? 514) > 65_535) throw invalid(`syslog-address: ${text} names no host and port`);
  return { protocol, host, port: Number(port ?? 514) };
}

function invalid(message: string): ShiplogError {
  return new ShiplogError('SPEC_INVALID', message);
}
