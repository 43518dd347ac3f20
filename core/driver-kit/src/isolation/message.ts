import type { DriverManifest, ErrorRecord, Json, PluginManifest, Progress, ShiplogEvent } from '@shiplog/contracts';
import type { DriverHome, DriverOptions } from '../services.ts';

/** Version of the wire protocol: of these messages and of the verb tables they carry. See docs/wire-protocol.md. */
export const WIRE_VERSION = 1;

/** Bytes of one message at most. Bulk goes by path. */
export const MESSAGE_LIMIT = 16 * 1024 * 1024;

/** Who the guest is; the first message on a connection. Drivers are named `kind/name` in all others. */
export interface Hello {
  readonly t: 'hello';
  readonly api: readonly number[];
  readonly plugin: Omit<PluginManifest, 'drivers' | 'api'>;
  readonly drivers: readonly DriverManifest[];
}

/** The host's answer to hello. Calls may follow at once. */
export interface Welcome {
  readonly t: 'welcome';
  readonly api: number;
  /** Where each driver keeps things, and what the operator told it. */
  readonly drivers: { readonly [driver: string]: { readonly home: DriverHome; readonly options: DriverOptions } };
}

/** A verb, or `observe`, or `probe`. The guest answers with one {@link Result}, in any order. */
export interface Call {
  readonly t: 'call';
  readonly id: number;
  readonly driver: string;
  readonly verb: string;
  readonly args: object;
  readonly op: string;
}

/** The call is wanted no more: the guest ends it with this error, or with its answer if that came first. */
export interface Cancel {
  readonly t: 'cancel';
  readonly id: number;
  readonly error: ErrorRecord;
}

/** Answers an {@link Ask}. */
export type Answer =
  | { readonly t: 'ans'; readonly ask: number; readonly error: ErrorRecord }
  /** Of a step that is not recorded: do it, then ask to record it. */
  | { readonly t: 'ans'; readonly ask: number; readonly todo: true }
  /** Of a step that is recorded, with what it answered. */
  | { readonly t: 'ans'; readonly ask: number; readonly value?: Json }
  | { readonly t: 'ans'; readonly ask: number; readonly events: readonly ShiplogEvent[]; readonly durableSeq: number };

/** Are you alive? Answered with pong at once, whatever else is under way. */
export interface Ping {
  readonly t: 'ping';
  readonly n: number;
}

/** End: finish what is under way, and close the connection. */
export interface Bye {
  readonly t: 'bye';
}

export type ToGuest = Welcome | Call | Cancel | Answer | Ping | Bye;

/** How a call ended. */
export type Result =
  | { readonly t: 'res'; readonly id: number; readonly answer: Json }
  | { readonly t: 'res'; readonly id: number; readonly error: ErrorRecord };

/** What a guest asks of the host: a step of a call that it is about to do, or has done; or events of the log. */
export type Ask =
  | { readonly t: 'ask'; readonly ask: number; readonly what: 'step'; readonly call: number; readonly step: string }
  | {
      readonly t: 'ask';
      readonly ask: number;
      readonly what: 'record';
      readonly call: number;
      readonly step: string;
      readonly value?: Json;
    }
  /** At most `limit` durable events from position `from` on; with `wait`, at least one, however long that takes. */
  | {
      readonly t: 'ask';
      readonly ask: number;
      readonly what: 'log';
      readonly from: number;
      readonly limit: number;
      readonly wait: boolean;
    };

/** A line for the log that people read. */
export interface Note {
  readonly t: 'note';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly facts?: { readonly [fact: string]: unknown };
}

/** How far a call is. */
export interface Told {
  readonly t: 'progress';
  readonly id: number;
  readonly progress: Progress;
}

export interface Pong {
  readonly t: 'pong';
  readonly n: number;
}

export type ToHost = Hello | Result | Ask | Note | Told | Pong;
