import type { EventOf, EventType } from '@shiplog/contracts';
import type { State } from '../state.ts';

/** How each of these event types changes the state. An evolver never throws: what it does not find, it leaves. */
export type Evolvers<T extends EventType> = { readonly [K in T]: (state: State, event: EventOf<K>) => void };

/** Event types about one noun. */
export type EventsOf<Noun extends string> = Extract<EventType, `${Noun}.${string}`>;
