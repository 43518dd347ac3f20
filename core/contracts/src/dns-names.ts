import type { ContainerRecord } from './state.ts';

/** What a container goes by on a network that a user made, its own name first: aliases, the short id, the host name it was given. Each once. */
export function dnsNames({ name, id, spec: { hostname = '' } }: ContainerRecord, aliases: readonly string[]): readonly string[] {
  return [...new Set([name, ...aliases, id.slice(0, 12), hostname])].filter((each) => each !== '');
}
