import type { ContainerSummary } from '@shiplog/client';

/** Ports as `ps` shows them: `0.0.0.0:8080->80/tcp, 53/udp`. */
export function formatPorts(ports: ContainerSummary['Ports']): string {
  const texts = ports
    .toSorted((a, b) => a.PrivatePort - b.PrivatePort || a.Type.localeCompare(b.Type))
    .map((port) => {
      const inside = `${port.PrivatePort}/${port.Type}`;
      if (port.PublicPort === undefined || port.PublicPort === 0) return inside;
      const ip = port.IP?.includes(':') === true ? `[${port.IP}]` : (port.IP ?? '');
      return `${ip === '' ? '' : `${ip}:`}${port.PublicPort}->${inside}`;
    });
  return [...new Set(texts)].join(', ');
}
