import { UsageError } from '../cli-error.ts';

/** Ports as a create request has them. */
export interface Ports {
  readonly exposed: Record<string, object>;
  readonly bindings: Record<string, { HostIp: string; HostPort: string }[]>;
}

const FORM = 'give [[ip:]hostPort:]containerPort[/tcp|udp|sctp], ranges with a dash: 127.0.0.1:8080:80, 53:53/udp, 8000-8002:80-82';

/** Reads `--publish` and `--expose`. Throws UsageError. */
export function parsePorts(publish: readonly string[], expose: readonly string[]): Ports {
  const ports: Ports = { exposed: {}, bindings: {} };
  for (const text of publish) readPublish(ports, text);
  for (const text of expose) {
    const [range, protocol] = splitProtocol('--expose', text);
    for (const port of numbers('--expose', text, range)) ports.exposed[`${port}/${protocol}`] = {};
  }
  return ports;
}

function readPublish(ports: Ports, text: string): void {
  const [address, protocol] = splitProtocol('--publish', text);
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?(?:([\d-]*):)?([\d-]+)$/.exec(address);
  if (match === null) throw new UsageError(`--publish "${text}" cannot be read`, FORM);
  const [, ipv6, before, middle, inside = ''] = match;
  // With one colon, what stands before it is the host port, not an address.
  const host = middle === undefined ? (before ?? '') : middle;
  const ip = middle === undefined ? '' : (ipv6 ?? before ?? '');
  const containerPorts = numbers('--publish', text, inside);
  // No host port, or 0: the engine takes a free one.
  const hostPorts = host === '' || host === '0' ? [] : numbers('--publish', text, host);
  if (hostPorts.length > 0 && containerPorts.length > 1 && hostPorts.length !== containerPorts.length) {
    throw new UsageError(`--publish "${text}": the two ranges differ in length`, FORM);
  }
  for (const [index, port] of containerPorts.entries()) {
    const key = `${port}/${protocol}`;
    ports.exposed[key] = {};
    // One port of the container on a range of the host: the engine takes a free one of the range.
    const hostPort = containerPorts.length === 1 && hostPorts.length > 1 ? host : String(hostPorts[index] ?? '');
    (ports.bindings[key] ??= []).push({ HostIp: ip, HostPort: hostPort });
  }
}

function splitProtocol(flag: string, text: string): readonly [string, string] {
  const [address = '', protocol = 'tcp', ...more] = text.split('/');
  if (more.length > 0 || !['tcp', 'udp', 'sctp'].includes(protocol.toLowerCase())) {
    throw new UsageError(`${flag} "${text}" names no protocol we know`, FORM);
  }
  return [address, protocol.toLowerCase()];
}

function numbers(flag: string, text: string, range: string): readonly number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first < 1 || last > 65_535 || last < first)
    throw new UsageError(`${flag} "${text}" names no ports from 1 to 65535`, FORM);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
