import type { Actor, RequestFacts } from '@shiplog/contracts';
import type { SyntheticHost } from './synthetic-host.ts';

const PEOPLE: readonly Actor[] = [
  { scheme: 'unix', uid: 0, gid: 0, pid: 811, start: 4021, exe: '/usr/bin/docker' },
  { scheme: 'unix', uid: 1000, gid: 1000, pid: 2302, start: 91_822, exe: '/usr/bin/docker', loginuid: 1000 },
  { scheme: 'unix', uid: 1001, gid: 998, pid: 2950, start: 120_033, exe: '/usr/bin/python3.13', loginuid: 1001 },
];

/** Somebody asks by Docker's API. */
export function asked({ random }: SyntheticHost, route: string, method = 'POST'): { readonly by: Actor; readonly req: RequestFacts } {
  return { by: random.of(PEOPLE), req: { method, route, api: '1.47', agent: 'Docker-Client/28.0.1 (linux)' } };
}

/** The engine does something by itself. */
export function system(reason: string): Actor {
  return { scheme: 'system', reason };
}
