import { createHash } from 'node:crypto';

/** What a link of ours says of itself in its alias. */
export interface LinkMark {
  readonly resource: 'network' | 'endpoint';
  readonly id: string;
}

/** The first `count` hex digits of an id, for names of at most 15 bytes; of its hash if the id is not made of them. */
export function idDigits(id: string, count: number): string {
  const hex = new RegExp(`^[0-9a-f]{${count}}`).exec(id);
  return hex === null ? createHash('sha256').update(id).digest('hex').slice(0, count) : hex[0];
}

/** The link that a network is on the host, unless it has a name of its own: `sl-` and 12 digits of its id. */
export function networkLinkName(networkId: string): string {
  return `sl-${idDigits(networkId, 12)}`;
}

/** A bridge without a fixed address takes that of its ports, and changes it as they come and go. Locally administered. */
export function networkMac(networkId: string): string {
  const hash = createHash('sha256').update(networkId).digest('hex');
  return ['02', ...(hash.slice(0, 10).match(/../g) ?? [])].join(':');
}

/** The alias of a link: whose it is, and the full id that its name has no room for. */
export function linkAlias(engineId: string, { resource, id }: LinkMark): string {
  return `shiplog ${engineId} ${resource} ${id}`;
}

/** True for the alias of a link that any engine made. */
export function isLinkAlias(text: string | undefined): boolean {
  return text?.startsWith('shiplog ') === true;
}

/** Reads an alias; undefined if the link is not this engine's. */
export function parseLinkAlias(engineId: string, text: string | undefined): LinkMark | undefined {
  const [mark, engine, resource, id, ...rest] = (text ?? '').split(' ');
  if (mark !== 'shiplog' || engine !== engineId || id === undefined || rest.length > 0) return undefined;
  return resource === 'network' || resource === 'endpoint' ? { resource, id } : undefined;
}
