import { Type } from '@sinclair/typebox';
import { Done, type DriverBase, HostPath, Mapping, ResourceId, type VerbsOf, verb } from './verb.ts';

export const PortBindingSchema = Type.Object({
  protocol: Type.Union([Type.Literal('tcp'), Type.Literal('udp'), Type.Literal('sctp')]),
  containerPort: Type.Integer({ minimum: 1, maximum: 65535 }),
  hostIp: Type.String(),
  hostPort: Type.Integer({ minimum: 1, maximum: 65535 }),
});

const Network = Type.Object({
  id: ResourceId,
  name: Type.String(),
  /** CIDR; '' where the driver gives no addresses. */
  subnet: Type.String(),
  gateway: Type.String(),
  internal: Type.Boolean(),
  options: Mapping,
});

/**
 * A network driver gives containers their addresses.
 *
 * Terms. A *network* is a segment that containers join. A *sandbox* is a container's network namespace, a file at the
 * path the engine gives; a driver may have none (host). An *endpoint* is one container's place on one network: an
 * interface, an address the engine leased, and published ports.
 *
 * Life. `createNetwork` once per network (and again at every engine start: a reboot takes bridges away). Per container:
 * `openSandbox`, `attach` for each endpoint, and back: `detach`, `closeSandbox`. `detach` works when the namespace is gone. What an engine finds and
 * has no record of goes by `removeEndpoint` and `closeSandbox`.
 */
export const NETWORK_VERBS = {
  createNetwork: verb({
    doc: 'Makes the network exist on the host.',
    args: Type.Object({ network: Network }),
    answer: Done,
    undo: 'removeNetwork',
  }),
  removeNetwork: verb({ doc: 'Makes it exist no more.', args: Type.Object({ network: Network }), answer: Done }),
  openSandbox: verb({
    doc: "Makes the namespace file at `path`, loopback up. Answers the path to join, or none where the container shares the host's.",
    args: Type.Object({ id: ResourceId, path: HostPath, sysctls: Mapping }),
    answer: Type.Object({ path: Type.Optional(HostPath) }),
    undo: 'closeSandbox',
    simulate: ({ path }) => ({ path }),
  }),
  closeSandbox: verb({
    doc: 'Removes the namespace file; the namespace goes with its last process.',
    args: Type.Object({ id: ResourceId, path: HostPath }),
    answer: Done,
  }),
  attach: verb({
    doc: 'Puts interface `ifName` with `address` (CIDR) and `mac` into the sandbox at `sandbox`, default route by `gateway` when `defaultRoute`, and publishes `ports`. A host port that something else listens on fails PORT_IN_USE, and nothing stays.',
    args: Type.Object({
      id: ResourceId,
      container: ResourceId,
      network: Network,
      sandbox: Type.Optional(HostPath),
      ifName: Type.String({ pattern: '^[a-zA-Z0-9._-]{1,15}$' }),
      address: Type.String(),
      mac: Type.String(),
      gateway: Type.String(),
      defaultRoute: Type.Boolean(),
      ports: Type.Array(PortBindingSchema),
    }),
    answer: Type.Object({ hostInterface: Type.Optional(Type.String()) }),
    undo: 'detach',
  }),
  detach: verb({
    doc: 'Takes the endpoint away: interface, published ports and whatever attach made. `address` and `ports` as given to attach.',
    args: Type.Object({
      id: ResourceId,
      container: ResourceId,
      network: Network,
      address: Type.String(),
      ports: Type.Array(PortBindingSchema),
    }),
    answer: Done,
  }),
  removeEndpoint: verb({
    doc: 'Takes an endpoint away by its id alone, as `observe` names it: whatever network it was on, and whatever was published for it. The engine asks when its log knows no such endpoint.',
    args: Type.Object({ id: ResourceId }),
    answer: Done,
  }),
  freePorts: verb({
    doc: 'Answers `count` host ports, from 49153 up, on which nothing listens just now.',
    args: Type.Object({ count: Type.Integer({ minimum: 0, maximum: 4096 }), avoid: Type.Array(Type.Integer()) }),
    answer: Type.Object({ ports: Type.Array(Type.Integer()) }),
    deadlineMs: 10_000,
    simulate: ({ count, avoid }) => ({ ports: portsFrom(49_153, count, new Set(avoid)) }),
  }),
} as const;

function portsFrom(first: number, count: number, avoid: ReadonlySet<number>): number[] {
  const ports: number[] = [];
  for (let port = first; ports.length < count; port += 1) if (!avoid.has(port)) ports.push(port);
  return ports;
}

/** `observe` answers `{resource: 'network' | 'sandbox' | 'endpoint', id}`. */
export interface NetworkDriver extends DriverBase, VerbsOf<typeof NETWORK_VERBS> {}
