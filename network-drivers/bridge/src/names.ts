import { createHash } from 'node:crypto';

/** The kernel allows 15 bytes for an interface name. */
const BRIDGE_DIGITS = 12;
const VETH_DIGITS = 13;

/** The first hex digits of an id; of its hash if it is not made of them. */
function digits(id: string, count: number): string {
  const hex = new RegExp(`^[0-9a-f]{${count}}`).exec(id);
  return hex === null ? createHash('sha256').update(id).digest('hex').slice(0, count) : hex[0];
}

/** The bridge of a network that names none: `sl-` and 12 digits of its id. */
export function bridgeName(networkId: string): string {
  return `sl-${digits(networkId, BRIDGE_DIGITS)}`;
}

/** The host's end of an endpoint: `sv` and 13 digits of its id. */
export function vethName(endpointId: string): string {
  return `sv${digits(endpointId, VETH_DIGITS)}`;
}

/** A bridge without a fixed address takes that of its ports, and changes it as they come and go. Locally administered. */
export function bridgeMac(networkId: string): string {
  const hash = createHash('sha256').update(networkId).digest('hex');
  return ['02', ...(hash.slice(0, 10).match(/../g) ?? [])].join(':');
}

/** The nftables table of one engine. */
export function tableName(engineId: string): string {
  return `shiplog_${engineId}`;
}

/** What a link of ours carries as its alias: whose it is, and the full id that its name has no room for. */
export function alias(engineId: string, resource: 'network' | 'endpoint', id: string): string {
  return `shiplog ${engineId} ${resource} ${id}`;
}

/** Reads an alias; undefined if the link is not this engine's. */
export function parseAlias(
  engineId: string,
  text: string | undefined,
): { readonly resource: 'network' | 'endpoint'; readonly id: string } | undefined {
  const [mark, engine, resource, id, ...rest] = (text ?? '').split(' ');
  if (mark !== 'shiplog' || engine !== engineId || id === undefined || rest.length > 0) return undefined;
  return resource === 'network' || resource === 'endpoint' ? { resource, id } : undefined;
}
