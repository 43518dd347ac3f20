import { randomInt } from 'node:crypto';
import { type Kernel, type PortBinding, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '../errno.ts';

/** Docker hands out ports from here up. */
const FIRST_PORT = 49_153;
const LAST_PORT = 65_535;

const FAILED = 'driver failed programming external connectivity on endpoint';

/** A port of the host that is to lead to a container at `address`. */
export interface HostPort extends PortBinding {
  readonly address: string;
}

/** Throws PORT_IN_USE if something on the host listens on one of `ports`, in Docker's words; REQUEST_INVALID for an address that is not the host's. */
export async function refuseListened(kernel: Kernel, ports: readonly HostPort[]): Promise<void> {
  const free = await Promise.all(ports.map((port) => isFree(kernel, port)));
  const taken = ports[free.indexOf(false)];
  if (taken === undefined) return;
  const { protocol, hostIp, hostPort, address, containerPort } = taken;
  throw new ShiplogError(
    'PORT_IN_USE',
    `${FAILED}: failed to bind host port for ${shown(hostIp)}:${hostPort}:${address}:${containerPort}/${protocol}: address already in use`,
    { protocol, hostIp, hostPort },
  );
}

/** PORT_IN_USE, for a port that is published already, in Docker's words. */
export function portAllocated({ hostIp, hostPort }: Pick<PortBinding, 'hostIp' | 'hostPort'>, cause?: unknown): ShiplogError {
  return new ShiplogError(
    'PORT_IN_USE',
    `${FAILED}: Bind for ${shown(hostIp)}:${hostPort} failed: port is already allocated`,
    { hostPort },
    { cause },
  );
}

/** NOT_SUPPORTED, for a host address that is not IPv4. */
export function addressNotSupported(hostIp: string): ShiplogError {
  return new ShiplogError('NOT_SUPPORTED', `${FAILED}: only IPv4 host addresses can be published yet, not ${hostIp}`, { hostIp });
}

/** `count` ports that are not in `taken`, and on which nothing listens. Throws PORT_IN_USE when there are too few. */
export async function freeHostPorts(kernel: Kernel, count: number, taken: ReadonlySet<number>): Promise<readonly number[]> {
  const found: number[] = [];
  const all = LAST_PORT - FIRST_PORT + 1;
  // Somewhere in the range, not its start: another engine looks too, and holds no socket either.
  const start = randomInt(all);
  const stride = Math.max(4, count * 2);
  for (let looked = 0; looked < all && found.length < count; looked += stride) {
    const candidates = Array.from(
      { length: Math.min(stride, all - looked) },
      (_, index) => FIRST_PORT + ((start + looked + index) % all),
    ).filter((port) => !taken.has(port));
    const free = await Promise.all(candidates.map((port) => listensNothing(kernel, port)));
    found.push(...candidates.filter((_, index) => free[index] === true));
  }
  if (found.length < count) throw new ShiplogError('PORT_IN_USE', 'all ports are allocated', { wanted: count, found: found.length });
  return found.slice(0, count);
}

/** A host address as people write it. */
function shown(hostIp: string): string {
  return hostIp === '' ? '0.0.0.0' : hostIp;
}

async function isFree(kernel: Kernel, { protocol, hostIp, hostPort }: HostPort): Promise<boolean> {
  try {
    return await kernel.processes.portIsFree(protocol, hostIp, hostPort);
  } catch (error) {
    if (errnoOf(error) !== 'EADDRNOTAVAIL') throw error;
    throw new ShiplogError(
      'REQUEST_INVALID',
      `${FAILED}: failed to bind host port for ${hostIp}:${hostPort}: cannot assign requested address`,
      {
        hostIp,
        hostPort,
      },
    );
  }
}

async function listensNothing({ processes }: Kernel, port: number): Promise<boolean> {
  return (await processes.portIsFree('tcp', '', port)) && (await processes.portIsFree('udp', '', port));
}
