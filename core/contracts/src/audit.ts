import type { Actor, RequestFacts, Strength } from './actor.ts';
import type { ResultStatus } from './envelope.ts';
import type { ContentStream } from './events.ts';
import type { ErrorRecord } from './errors.ts';

/** One act: a command's intent and outcome together, a read of the log or of content, or a request that was refused before it was either. Who, what, when, outcome, from where. */
export interface AuditRecord {
  /** Position of the intent, or of the read. */
  readonly seq: number;
  /** Position of the outcome; absent while there is none, and for reads that are no commands. */
  readonly outcome?: number;
  /** When it was asked, nanoseconds since the epoch, decimal. */
  readonly time: string;
  readonly op: string;
  readonly corr: string;
  /** A command's type, `log.read`, `registry.login`, `registry.inspect`, what a `content.read` says, or `request.refused` where nothing here serves what was asked. */
  readonly verb: string;
  /** `container/<id>` and so on; what the client named where nothing of that name was there; `log` of reads of it; `registry/HOST`; `engine` of what is for none of these. */
  readonly object: string;
  /** What the client called it, if it named one. */
  readonly ref?: string;
  /** What else the client named, as `KIND/NAME`: the new name of a container, the new tag of an image, the network of a container that joins or leaves it, the user of a login. */
  readonly target?: string;
  /** Images that came of it, with the tags that they were given. */
  readonly images?: readonly { readonly id: string; readonly tags: readonly string[] }[];
  /** What a prune took away: `container/<id>`, `volume/<name>` and so on. */
  readonly removed?: readonly string[];
  /** In the container: of what was copied into it, or out of it. */
  readonly path?: string;
  /** Of `exec.create`: what is to run, with marks where it had secrets. */
  readonly command?: readonly string[];
  /** Of a container's process: what passed between it and the caller. */
  readonly streams?: readonly ContentStream[];
  readonly actor: Actor;
  readonly strength: Strength;
  readonly via?: RequestFacts;
  /** `pending`: no outcome yet. */
  readonly status: ResultStatus | 'pending';
  readonly error?: ErrorRecord;
  /** From intent to outcome, milliseconds. */
  readonly ms?: number;
  /** Of a read: the range, both inclusive; an absent `to` is the end, or for ever with `follow`; and what was asked for, where it was not all. */
  readonly read?: {
    readonly from: number;
    readonly to?: number;
    readonly follow: boolean;
    readonly filters?: { readonly [name: string]: readonly string[] };
  };
}
