import type { EventLogReader } from '@shiplog/contracts';

/** What of the engine's log is shown to others: the tree, and the bytes that are hashed into it. */
export type ProvableLog = Pick<EventLogReader, 'tree' | 'readBytes'>;
