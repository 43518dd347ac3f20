import type { Moment } from './death.ts';
import type { Archives } from './scenes.ts';
import type { Shelf } from './shelf.ts';
import type { Verb } from './verbs.ts';

/** What one life is for. */
export interface Errand {
  readonly directory: string;
  readonly shelf: Shelf;
  readonly archives: Archives;
  readonly bridge: string;
  readonly subnet: string;
  /** Of the networks that are made. */
  readonly extraSubnet: string;
  /** A verb that does nothing, such as `network/bridge detach`: only to show that it is noticed. */
  readonly ignored?: string;
  /** The life before came to rest: this one has nothing to recover, and tells what it appends all the same. */
  readonly isRecovered: boolean;
  /** The last event that the engine which recovered last knew of. */
  readonly since: number;
  readonly uid: number;
  /**
   * Only recovers; dies in the recovery, before the call of that number; recovers, tidies up and checks the log; removes the engine; or
   * recovers, tidies up and dies in a verb, at a moment or, without one, when it is done.
   */
  readonly task: 'recover' | { readonly call: number } | 'tidy' | 'tear-down' | { readonly verb: Verb; readonly moment?: Moment };
}

/** What a life says, by and by. */
export interface Told {
  /** The engine is up, and nothing goes on in it any more. */
  readonly recovered?: { readonly problems: readonly string[]; readonly seq: number };
  /** Types of events that the start appended. */
  readonly appended?: readonly string[];
  /** What a check of the whole log found. */
  readonly damage?: readonly string[];
  /** What there is of the engine, once all was removed that can be. */
  readonly remains?: readonly string[];
  readonly dies?: Moment;
  readonly failed?: string;
  /** Calls of drivers that a verb made, which came to its end. */
  readonly calls?: readonly string[];
}
