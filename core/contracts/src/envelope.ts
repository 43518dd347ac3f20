import type { Actor, RequestFacts } from './actor.ts';
import type { ErrorRecord } from './errors.ts';
import type { EventData, EventType } from './events.ts';

/** What sort of fact an event is: decided, came of it, seen in reality, computed from others, or about the log itself. */
export type EventKind = 'intent' | 'outcome' | 'observed' | 'derived' | 'meta';

/** `container/<id>`, `image/<digest>`, `network/<id>`, `volume/<name>`, `plugin/<name>` or `engine`. */
export type StreamName =
  | `container/${string}`
  | `image/${string}`
  | `network/${string}`
  | `volume/${string}`
  | `plugin/${string}`
  | 'engine';

/** How an operation ended. `refused`: by decide, before any effect. `unknown`: recovery could not tell and did not guess. */
export type ResultStatus = 'ok' | 'refused' | 'failed' | 'canceled' | 'unknown';

/** What every outcome carries, and a refused request. `ms` is the time since the intent, in milliseconds on the monotonic clock. */
export interface Result {
  readonly status: ResultStatus;
  /** Milliseconds until the outcome: since effects began; of one that recovery wrote, since the intent, while the engine was down too. 0 of what has no effect. */
  readonly ms: number;
  readonly error?: ErrorRecord;
  /** The step that failed, by name. */
  readonly step?: string;
  /** Milliseconds each step took, by name. */
  readonly steps?: { readonly [step: string]: number };
}

/** The driver that produced an event's facts. */
export interface DriverRef {
  readonly kind: string;
  readonly name: string;
}

/**
 * One event, exactly as it is stored: these fields as canonical JSON (RFC 8785 key order) are the bytes that are hashed.
 * Order is `seq`, never time.
 */
export interface EventOf<T extends EventType> {
  /** Version of this envelope. */
  readonly v: 1;
  /** Position in the log, gap-free from 0; the leaf index of a Merkle log (RFC 6962). */
  readonly seq: number;
  /** Sortable unique id. */
  readonly id: string;
  readonly stream: StreamName;
  /** Position in the stream, gap-free from 0. */
  readonly rev: number;
  readonly type: T;
  /** Schema version of `data` for this type. */
  readonly sv: number;
  readonly kind: EventKind;
  /** The operation that ties an intent, its steps and its outcome. */
  readonly op: string;
  /** Correlates operations that one request or trace caused. */
  readonly corr: string;
  /** Position of the event that caused this one. */
  readonly cause?: number;
  readonly idem?: string;
  /** Wall clock, nanoseconds since the epoch, decimal. Advisory. */
  readonly t: string;
  /** CLOCK_MONOTONIC, nanoseconds, decimal; comparable within one boot. */
  readonly mono: string;
  /** Kernel boot id. */
  readonly boot: string;
  /** Engine instance: one run of the daemon. */
  readonly inst: string;
  readonly actor: Actor;
  readonly req?: RequestFacts;
  readonly result?: Result;
  readonly driver?: DriverRef;
  /** Claims that append conditions look for, such as `name:web` or `port:tcp:8080`. */
  readonly tags?: readonly string[];
  readonly data: EventData[T];
}

/** Any event; narrow it by `type`. */
export type ShiplogEvent = { [T in EventType]: EventOf<T> }[EventType];

/** An event before the log has given it a place. */
export type NewEventOf<T extends EventType> = Pick<EventOf<T>, 'stream' | 'type' | 'kind' | 'data'> &
  Partial<Pick<EventOf<T>, 'cause' | 'result' | 'driver' | 'tags'>> & {
    /** Schema version; 1 if absent. */
    readonly sv?: number;
  };

/** Any event before the log has given it a place. */
export type NewEvent = { [T in EventType]: NewEventOf<T> }[EventType];

/** What all events of one append share. */
export interface Stamp {
  readonly op: string;
  readonly corr: string;
  readonly t: string;
  readonly mono: string;
  readonly actor: Actor;
  readonly req?: RequestFacts;
  readonly idem?: string;
}
