import type { EndpointRecord } from '@shiplog/contracts';
import { isWildcard } from './ports.ts';

/** Tags of the addresses and ports that endpoints claim, and the tags that must not have been claimed since. */
export interface Claims {
  readonly tags: readonly string[];
  readonly conflicting: readonly string[];
}

/**
 * `ip:<network>:<address>` and `port:<protocol>:<address or *>:<port>`. Each port also carries `port:<protocol>:any:<port>`,
 * because a claim on all addresses collides with a claim on any of them.
 */
export function endpointClaims(endpoints: readonly EndpointRecord[]): Claims {
  const tags = new Set<string>();
  const conflicting = new Set<string>();
  for (const endpoint of endpoints) {
    if (endpoint.ipv4 !== '') {
      tags.add(`ip:${endpoint.networkId}:${endpoint.ipv4}`);
      conflicting.add(`ip:${endpoint.networkId}:${endpoint.ipv4}`);
    }
    for (const { protocol, hostIp, hostPort } of endpoint.ports) {
      const wildcard = isWildcard(hostIp);
      tags.add(`port:${protocol}:${wildcard ? '*' : hostIp}:${hostPort}`);
      tags.add(`port:${protocol}:any:${hostPort}`);
      if (wildcard) conflicting.add(`port:${protocol}:any:${hostPort}`);
      else conflicting.add(`port:${protocol}:${hostIp}:${hostPort}`).add(`port:${protocol}:*:${hostPort}`);
    }
  }
  return { tags: [...tags], conflicting: [...conflicting] };
}
