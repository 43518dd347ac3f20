/**
 * Who caused something, and how strongly that is known.
 *
 * `unix`: attested by the kernel (SO_PEERCRED, unix(7)); `start` is the process's start time in clock ticks since boot
 * (proc(5), field 22), because a pid alone is reused. `tls`: the name in a verified client certificate. `system`: the
 * engine itself; `reason` is the reactor or phase, such as `recovery`, `auto-remove` or `exit`.
 */
export type Actor =
  | {
      readonly scheme: 'unix';
      readonly uid: number;
      readonly gid: number;
      readonly pid: number;
      readonly start?: number;
      readonly exe?: string;
      readonly loginuid?: number;
    }
  | { readonly scheme: 'tls'; readonly subject: string; readonly address: string }
  | { readonly scheme: 'system'; readonly reason: string };

/** The request that carried a command. `route` is a template, never a raw URL; `agent` is what the client says of itself, untrusted. */
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
  /** Correlation id; the engine makes one if absent. */
  readonly corr?: string;
  /** Idempotency key: a command that repeats it answers with the first one's outcome. */
  readonly idem?: string;
}
