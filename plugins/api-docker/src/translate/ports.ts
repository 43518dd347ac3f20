import type { PortBinding, Protocol } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';
import { invalid, unsupported } from './refusals.ts';

/** `80`, `80/tcp` or `8000-8002/udp` as `port/protocol` entries. Throws SPEC_INVALID. */
export function expandPorts(text: string): readonly { readonly port: number; readonly protocol: Protocol }[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first < 1 || last < first || last > 65_535) throw invalid(`invalid port specification: "${text}"`);
  const protocol = (match[3]?.toLowerCase() ?? 'tcp') as Protocol;
  return Array.from({ length: last - first + 1 }, (_, index) => ({ port: first + index, protocol }));
}

/** Config.ExposedPorts, normalised and sorted. */
export function exposedPorts(config: Fields): readonly string[] {
  const ports = config.keys('ExposedPorts').flatMap((key) => expandPorts(key));
  return [...new Set(ports.map(({ port, protocol }) => `${port}/${protocol}`))].toSorted();
}

/** HostConfig.PortBindings. A host port left out is 0: the engine chooses. */
export function portBindings(hostConfig: Fields): readonly PortBinding[] {
  return hostConfig.listEntries('PortBindings').flatMap(([key, bindings]) => {
    const containerPorts = expandPorts(key);
    return bindings.flatMap((binding) => {
      const hostPorts = hostPortsOf(binding.string('HostPort'), containerPorts.length);
      const hostIp = binding.string('HostIp');
      if (hostIp.includes(':')) throw unsupported(`PortBindings: the IPv6 host address ${hostIp}`, 'publish on an IPv4 address');
      return containerPorts.map(({ port, protocol }, index) => ({
        protocol,
        containerPort: port,
        hostIp: hostIp === '0.0.0.0' ? '' : hostIp,
        hostPort: hostPorts[index] ?? 0,
      }));
    });
  });
}

function hostPortsOf(text: string, count: number): readonly number[] {
  if (text === '' || text === '0') return [];
  const ports = expandPorts(text).map(({ port }) => port);
  if (ports.length === count) return ports;
  if (count === 1) throw unsupported(`PortBindings: a range of host ports to choose from (${text})`, 'name one port, or none');
  throw invalid(`invalid port binding: ${count} container ports do not fit the host ports ${text}`);
}
