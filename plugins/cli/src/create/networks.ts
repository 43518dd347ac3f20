import type { EndpointConfig } from '@shiplog/client';
import { UsageError } from '../cli-error.ts';
import { splitOnce } from './key-values.ts';

/** What the network flags say together. */
export interface NetworkFlags {
  readonly network: readonly string[];
  readonly 'network-alias': readonly string[];
  readonly ip: string | undefined;
  readonly 'mac-address': string | undefined;
}

/**
 * Reads `--network` (`NAME`, or `name=NAME,alias=A,ip=1.2.3.4,mac-address=…`) with the flags that speak of the first network. Throws
 * UsageError.
 */
export function parseNetworks(flags: NetworkFlags): {
  readonly mode: string;
  readonly endpoints: Record<string, EndpointConfig>;
} {
  const parsed = flags.network.map(parseNetwork);
  const [first] = parsed;
  const mode = first?.name ?? 'default';
  const shared = flags['network-alias'].length > 0 || flags.ip !== undefined;
  if (shared && /^(host|none|container:.*)$/.test(mode)) {
    throw new UsageError(`--ip and --network-alias need a network of containers, not --network ${mode}`);
  }
  const endpoints: Record<string, EndpointConfig> = Object.fromEntries(parsed.map(({ name, endpoint }) => [name, endpoint]));
  const target = (endpoints[mode] ??= {});
  if (flags['network-alias'].length > 0) target.Aliases = [...(target.Aliases ?? []), ...flags['network-alias']];
  if (flags.ip !== undefined) target.IPAMConfig = { IPv4Address: flags.ip };
  if (flags['mac-address'] !== undefined) target.MacAddress = flags['mac-address'];
  return { mode, endpoints: mode.startsWith('container:') ? {} : endpoints };
}

function parseNetwork(text: string): { readonly name: string; readonly endpoint: EndpointConfig } {
  if (!/^[a-z-]+=/.test(text)) return { name: text, endpoint: {} };
  let name = '';
  const endpoint: EndpointConfig = {};
  for (const field of text.split(',')) {
    const [key, value = ''] = splitOnce(field, '=');
    if (key === 'name') name = value;
    else if (key === 'alias') (endpoint.Aliases ??= []).push(value);
    else if (key === 'ip') endpoint.IPAMConfig = { IPv4Address: value };
    else if (key === 'mac-address') endpoint.MacAddress = value;
    else throw new UsageError(`--network has no field "${key}"`, 'give NAME, or name=NAME[,alias=A][,ip=ADDRESS][,mac-address=MAC]');
  }
  if (name === '') throw new UsageError(`--network "${text}": the name is missing`);
  return { name, endpoint };
}
