import { isIPv4 } from 'node:net';
import type { ContainerSpec, EndpointRequest } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';
import { type ApiVersion, atLeast } from '../http/version.ts';
import { invalid, refuseFields, unsupported } from './refusals.ts';

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

/** NetworkMode and NetworkingConfig. When only networks are named, the first of them is the mode, as in Docker. */
export function networkingOf(body: Fields, hostConfig: Fields, version: ApiVersion): Pick<ContainerSpec, 'networkMode' | 'endpoints'> {
  const asked = hostConfig.string('NetworkMode');
  const isDefault = asked === '' || asked === 'default';
  const entries = body
    .object('NetworkingConfig')
    .entries('EndpointsConfig')
    .map(([network, settings]) => [network === 'default' ? 'bridge' : network, endpointOf(settings)] as const);
  if (entries.length > 1 && !atLeast(version, '1.44')) {
    throw invalid(
      `Container cannot be connected to several networks at create before API 1.44: ${entries.map(([name]) => name).join(', ')}`,
    );
  }
  if (entries.some(([network, { links }]) => network === 'bridge' && links !== undefined))
    throw unsupported('Links on the network bridge', 'containers find each other by name on networks that you make');
  const networkMode = isDefault ? (entries[0]?.[0] ?? 'bridge') : asked;
  if (/^container:.+/.test(networkMode) || networkMode === 'none' || networkMode === 'host') {
    if (entries.some(([network]) => network !== networkMode)) {
      throw invalid(`conflicting options: a container with network mode ${networkMode} joins no other network`);
    }
    return { networkMode, endpoints: {} };
  }
  return { networkMode, endpoints: withMac(networkMode, Object.fromEntries(entries), body.string('MacAddress'), version) };
}

/** Whether the mode names a network that a user made. */
export function isUserMade(networkMode: string): boolean {
  return !['bridge', 'host', 'none'].includes(networkMode) && !networkMode.startsWith('container:');
}

/** EndpointSettings, as far as they can be asked for. Throws for what would be missed. */
export function endpointOf(settings: Fields): EndpointRequest {
  refuseFields(settings, ['DriverOpts', 'GwPriority']);
  const ipam = settings.object('IPAMConfig');
  refuseFields(ipam, ['IPv6Address', 'LinkLocalIPs']);
  const ipv4 = ipam.string('IPv4Address');
  if (ipv4 !== '' && !isIPv4(ipv4)) throw invalid(`invalid IPv4 address: ${ipv4}`);
  const aliases = settings.strings('Aliases');
  const links = settings.strings('Links');
  for (const link of links) if (!/^[^:]+(:[^:]+)?$/.test(link)) throw invalid(`bad format for links: ${link}`);
  const mac = settings.string('MacAddress');
  if (mac !== '' && !MAC.test(mac)) throw invalid(`invalid MAC address: ${mac}`);
  return {
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(links.length === 0 ? {} : { links }),
    ...(ipv4 === '' ? {} : { ipv4 }),
    ...(mac === '' ? {} : { mac: mac.toLowerCase() }),
  };
}

/** The container-wide MAC of older clients belongs to its main network. */
function withMac(network: string, endpoints: ContainerSpec['endpoints'], mac: string, version: ApiVersion): ContainerSpec['endpoints'] {
  if (mac === '' || atLeast(version, '1.52')) return endpoints;
  if (!MAC.test(mac)) throw invalid(`invalid MAC address: ${mac}`);
  const endpoint = endpoints[network] ?? {};
  if (endpoint.mac !== undefined && endpoint.mac !== mac.toLowerCase())
    throw invalid('the container-wide MAC address and the endpoint-specific one differ');
  return { ...endpoints, [network]: { ...endpoint, mac: mac.toLowerCase() } };
}

/** `name:address` entries; `host-gateway` stands for the host as containers see it. */
export function extraHostsOf(entries: readonly string[], hostGateway: string): readonly string[] {
  return entries.map((entry) => {
    const at = entry.indexOf(':');
    const name = entry.slice(0, at);
    const address = entry.slice(at + 1);
    if (at < 1 || address === '') throw invalid(`bad format for add-host: "${entry}"`);
    if (address !== 'host-gateway') return entry;
    if (hostGateway === '') throw unsupported(`the extra host ${entry}`, 'there is no bridge network with a gateway; give an address');
    return `${name}:${hostGateway}`;
  });
}
