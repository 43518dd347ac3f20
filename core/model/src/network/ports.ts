import { type ContainerRecord, type PortBinding, type Protocol, ShiplogError, type StateView } from '@shiplog/contracts';

/** A host port that a container holds or is about to hold. */
export interface ClaimedPort extends PortBinding {
  readonly containerId: string;
}

/** Host ports that containers hold: from the intent to start until release or removal. `except` is a container to leave out. */
export function claimedPorts(view: StateView, except?: string): readonly ClaimedPort[] {
  const claimed: ClaimedPort[] = [];
  for (const container of view.containers.values()) {
    if (!container.active || container.id === except) continue;
    for (const endpoint of Object.values(container.endpoints)) {
      for (const port of endpoint.ports) claimed.push({ ...port, containerId: container.id });
    }
  }
  return claimed;
}

/** Ports a container asks to publish: those it names, and with `publishAllPorts` every exposed one of spec and image. `hostPort` 0 is open. */
export function wantedPorts(view: StateView, container: ContainerRecord): readonly PortBinding[] {
  const { spec } = container;
  if (!spec.publishAllPorts) return spec.ports;
  const image = view.images.get(container.imageId);
  const exposed = new Set([...spec.exposedPorts, ...Object.keys(image?.config.ExposedPorts ?? {}).toSorted()]);
  const wanted = [...spec.ports];
  for (const text of exposed) {
    const port = parsePort(text);
    if (port === undefined) continue;
    const named = wanted.some((binding) => binding.protocol === port.protocol && binding.containerPort === port.containerPort);
    if (!named) wanted.push({ ...port, hostIp: '', hostPort: 0 });
  }
  return wanted;
}

/**
 * Wanted ports with their host ports decided: fixed ones as asked, open ones from `free` (ports that nothing listened on
 * just before) in order. Throws PORT_IN_USE for a port that is claimed, and when `free` has too few.
 */
export function assignPorts(view: StateView, container: ContainerRecord, free: readonly number[]): readonly PortBinding[] {
  const wanted = wantedPorts(view, container);
  const claimed: PortBinding[] = [...claimedPorts(view, container.id)];
  const fixed = wanted.filter((binding) => binding.hostPort !== 0);
  for (const binding of fixed) {
    if (claimed.some((other) => clash(binding, other))) {
      const shown = binding.hostIp === '' ? '0.0.0.0' : binding.hostIp;
      throw new ShiplogError('PORT_IN_USE', `Bind for ${shown}:${binding.hostPort} failed: port is already allocated`, {
        protocol: binding.protocol,
        port: binding.hostPort,
      });
    }
    claimed.push(binding);
  }
  return wanted.map((binding) => {
    if (binding.hostPort !== 0) return binding;
    const hostPort = free.find((port) => !claimed.some((other) => clash({ ...binding, hostPort: port }, other)));
    if (hostPort === undefined) {
      throw new ShiplogError('PORT_IN_USE', `no free host port for container port ${binding.containerPort}/${binding.protocol}`, {
        offered: free.length,
      });
    }
    const chosen = { ...binding, hostPort };
    claimed.push(chosen);
    return chosen;
  });
}

/** `80`, `80/tcp`: undefined if it is no port. */
export function parsePort(text: string): { readonly protocol: Protocol; readonly containerPort: number } | undefined {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text);
  if (match === null) return undefined;
  const containerPort = Number(match[1]);
  if (containerPort < 1 || containerPort > 65_535) return undefined;
  return { protocol: (match[2] ?? 'tcp') as Protocol, containerPort };
}

/** Both cannot listen on one host: a wildcard address covers every address of its family, '' covers both families. */
function clash(a: PortBinding, b: PortBinding): boolean {
  return a.protocol === b.protocol && a.hostPort === b.hostPort && addressesMeet(a.hostIp, b.hostIp);
}

function addressesMeet(a: string, b: string): boolean {
  if (a === b || a === '' || b === '') return true;
  if (a.includes(':') !== b.includes(':')) return false;
  return isWildcard(a) || isWildcard(b);
}

export function isWildcard(address: string): boolean {
  return address === '' || address === '0.0.0.0' || address === '::';
}
