import { type ShiplogEvent, strengthOf } from '@shiplog/contracts';

/** One column of the table that CSV and Parquet have in common. */
export interface Column {
  readonly name: string;
  /** `time`: nanoseconds since the epoch. `json`: text that is JSON. */
  readonly type: 'integer' | 'number' | 'text' | 'time' | 'json';
  /** Undefined where an event has nothing of the sort. */
  of(event: ShiplogEvent): string | number | undefined;
}

const unix = ({ actor }: ShiplogEvent) => (actor.scheme === 'unix' ? actor : undefined);

/** One row an event. Columns are only ever added, at the end. */
export const COLUMNS: readonly Column[] = [
  { name: 'seq', type: 'integer', of: (event) => event.seq },
  { name: 'time', type: 'time', of: (event) => event.t },
  { name: 'type', type: 'text', of: (event) => event.type },
  { name: 'kind', type: 'text', of: (event) => event.kind },
  { name: 'stream', type: 'text', of: (event) => event.stream },
  { name: 'rev', type: 'integer', of: (event) => event.rev },
  { name: 'op', type: 'text', of: (event) => event.op },
  { name: 'corr', type: 'text', of: (event) => event.corr },
  { name: 'cause', type: 'integer', of: (event) => event.cause },
  { name: 'scheme', type: 'text', of: ({ actor }) => actor.scheme },
  { name: 'strength', type: 'text', of: ({ actor }) => strengthOf(actor) },
  { name: 'uid', type: 'integer', of: (event) => unix(event)?.uid },
  { name: 'loginuid', type: 'integer', of: (event) => unix(event)?.loginuid },
  { name: 'pid', type: 'integer', of: (event) => unix(event)?.pid },
  { name: 'exe', type: 'text', of: (event) => unix(event)?.exe },
  { name: 'subject', type: 'text', of: ({ actor }) => ('subject' in actor ? actor.subject : undefined) },
  { name: 'address', type: 'text', of: ({ actor }) => ('address' in actor ? actor.address : undefined) },
  { name: 'method', type: 'text', of: ({ req }) => req?.method },
  { name: 'route', type: 'text', of: ({ req }) => req?.route },
  { name: 'agent', type: 'text', of: ({ req }) => req?.agent },
  { name: 'status', type: 'text', of: ({ result }) => result?.status },
  { name: 'error', type: 'text', of: ({ result }) => result?.error?.code },
  { name: 'ms', type: 'number', of: ({ result }) => result?.ms },
  { name: 'inst', type: 'text', of: ({ inst }) => inst },
  { name: 'data', type: 'json', of: ({ data }) => JSON.stringify(data) },
];
