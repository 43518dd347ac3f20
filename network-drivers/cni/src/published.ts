import { isIPv4 } from 'node:net';
import type { PortBinding } from '@shiplog/contracts';
import { addressNotSupported, type HostPort, portAllocated } from '@shiplog/driver-kit';
import type { Attachment } from './attachments.ts';

/** The ports of the host that an endpoint asks for. Throws NOT_SUPPORTED for a host address that is not IPv4. */
export function publishedBy({ network, address, ports }: Pick<Attachment['asked'], 'network' | 'address' | 'ports'>): readonly HostPort[] {
  if (network.internal) return [];
  const [container = ''] = address.split('/');
  return ports.map((port) => {
    if (port.hostIp !== '' && !isIPv4(port.hostIp)) throw addressNotSupported(port.hostIp);
    return { ...port, hostIp: port.hostIp === '0.0.0.0' ? '' : port.hostIp, address: container };
  });
}

/** Throws PORT_IN_USE if one of `ports` is another attachment's: what plugins publish, no socket tells of. */
export function refusePublished(ports: readonly HostPort[], others: readonly Attachment[]): void {
  const published = others.flatMap(({ asked }) => publishedBy(asked));
  const taken = ports.find((port) => published.some((other) => isSame(port, other)));
  if (taken !== undefined) throw portAllocated(taken);
}

function isSame(a: PortBinding, b: PortBinding): boolean {
  return a.protocol === b.protocol && a.hostPort === b.hostPort && (a.hostIp === b.hostIp || a.hostIp === '' || b.hostIp === '');
}
