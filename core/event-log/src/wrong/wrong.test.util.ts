import type { EventLog } from '@shiplog/contracts';
import type { WrongDriver } from '@shiplog/test-support';

/** Answers of a log instead of the right ones. `openings` counts how often the log was opened before. */
export type Wrong = (right: EventLog, openings: number) => Partial<EventLog>;

/** By the check that catches it. */
export type WrongLogs = { readonly [check: string]: WrongDriver<Wrong> };
