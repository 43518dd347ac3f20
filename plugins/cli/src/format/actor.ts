import type { Actor } from '@shiplog/contracts';

/** Who, for a person to read: `uid 1000 pid 77 /usr/bin/docker`. `names` gives user names by uid. */
export function actorText(actor: Actor, names: ReadonlyMap<number, string> = new Map()): string {
  switch (actor.scheme) {
    case 'unix': {
      const { uid, loginuid, pid, exe } = actor;
      const login = loginuid === undefined || loginuid === uid ? '' : ` (logged in as ${userText(loginuid, names)})`;
      return `${userText(uid, names)}${login} pid ${pid}${exe === undefined ? '' : ` ${exe}`}`;
    }
    case 'tls':
      return `${actor.subject} at ${actor.address}`;
    case 'tcp':
      return `${actor.address}, unauthenticated`;
    case 'system':
      return `the engine (${actor.reason})`;
    case 'sealed':
    case 'erased':
      return `${actor.scheme} ${actor.subject}`;
  }
}

function userText(uid: number, names: ReadonlyMap<number, string>): string {
  return names.get(uid) ?? `uid ${uid}`;
}
