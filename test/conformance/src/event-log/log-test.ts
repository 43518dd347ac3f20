import type { EventLog } from '@shiplog/contracts';

/** How the kit's parts register a test: with a fresh log that is closed and cleaned up, also when the test fails. */
export type LogTest = (name: string, fn: (log: EventLog, reopen: () => Promise<EventLog>) => Promise<void>) => void;
