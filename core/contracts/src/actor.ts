/**
 * Who caused something. The scheme says how strongly that is known; see {@link STRENGTH}.
 *
 * `unix`: credentials of the connection's peer (SO_PEERCRED, unix(7)), taken when it connected; `start` is the process's
 * start time in clock ticks since boot (proc(5), field 22), because a pid alone is reused. `loginuid` is who logged in,
 * whatever su(1) or sudo(8) made of it since (/proc/PID/loginuid); absent where nobody did, as under a service manager.
 * `exe` and `cgroup` are what /proc said when it connected; a process can change them, so they are hints.
 *
 * `tls`: the client certificate that this engine's certificate authority signed. `tcp`: an address and nothing else.
 * `system`: the engine itself; `reason` is the reactor or phase, such as `recovery`, `auto-remove` or `exit`.
 *
 * `sealed`: a caller as the log keeps it: what the other schemes say of a person, encrypted with a key of that person
 * (`subject`, a pseudonym). `erased`: a sealed one whose key was destroyed. `was` is the scheme it had.
 */
export type Actor =
  | UnixActor
  | TlsActor
  | { readonly scheme: 'tcp'; readonly address: string }
  | { readonly scheme: 'system'; readonly reason: string }
  | { readonly scheme: 'sealed'; readonly was: PersonalScheme; readonly subject: string; readonly box: string }
  | { readonly scheme: 'erased'; readonly was: PersonalScheme; readonly subject: string };

/** Schemes that say something of a person, and so are sealed in the log. */
export type PersonalScheme = 'unix' | 'tls' | 'tcp';

export interface UnixActor {
  readonly scheme: 'unix';
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly start?: number;
  readonly exe?: string;
  readonly loginuid?: number;
  /** Path in the unified hierarchy, or in the one of systemd. */
  readonly cgroup?: string;
}

export interface TlsActor {
  readonly scheme: 'tls';
  /** Distinguished name (RFC 4514 order as OpenSSL prints it), such as `CN=alice,O=example`. */
  readonly subject: string;
  /** Subject alternative names, such as `DNS:alice.example` or `email:alice@example.org`. */
  readonly names?: readonly string[];
  /** SHA-256 of the certificate, upper-case hex with colons. */
  readonly fingerprint: string;
  readonly address: string;
}

/** How strongly an actor's identity is known, by scheme: by the kernel, by a signed certificate, not at all, or it is the engine itself. */
export const STRENGTH = {
  unix: 'kernel',
  tls: 'certificate',
  tcp: 'unauthenticated',
  system: 'engine',
} as const satisfies { readonly [S in PersonalScheme | 'system']: string };

/** One of the values of {@link STRENGTH}. */
export type Strength = (typeof STRENGTH)[keyof typeof STRENGTH];

/** The strength of an actor, also of one that is sealed or erased. */
export function strengthOf(actor: Actor): Strength {
  return STRENGTH[actor.scheme === 'sealed' || actor.scheme === 'erased' ? actor.was : actor.scheme];
}

/**
 * The request that carried a command. `route` is a template; of what fits no route, the path as it was asked, without its query.
 * `agent` is what the client says of itself, untrusted.
 */
export interface RequestFacts {
  readonly method: string;
  readonly route: string;
  readonly api?: string;
  readonly agent?: string;
  readonly id?: string;
}

/** Everything known about where a command came from. */
export interface Caller {
  readonly actor: Actor;
  readonly req?: RequestFacts;
  /** Whose request the engine carries out with a command of its own: authorizers judge it as theirs. */
  readonly behalf?: Pick<Caller, 'actor' | 'req'>;
  /** Correlation id; the engine makes one if absent. */
  readonly corr?: string;
  /** Idempotency key: a command that repeats it answers with the first one's outcome. */
  readonly idem?: string;
  /** Position of the event that made the engine itself ask; no client says it. */
  readonly cause?: number;
}
