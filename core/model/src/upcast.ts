import type { ShiplogEvent } from '@shiplog/contracts';

/** Data of an event as some release wrote it. */
export type StoredData = { readonly [field: string]: unknown };

/** Makes data of one schema version into that of the next, from itself alone. */
export type Upcaster = (data: StoredData) => StoredData;

/** By event type: the first leads from version 1 to 2, the second from 2 to 3. One is added when a type's data changes its meaning. */
export type UpcasterTable = ReadonlyMap<string, readonly Upcaster[]>;

/** All of them. What a release wrote is never rewritten: it is read like this. */
export const UPCASTERS: UpcasterTable = new Map();

const NONE: readonly Upcaster[] = [];

/** The schema version in which this release writes a type's data. */
export function schemaVersion(type: string, table: UpcasterTable = UPCASTERS): number {
  return 1 + (table.get(type) ?? NONE).length;
}

/** The event with its data as this release has it; itself if it is so already. Undefined if a later release wrote it. Pure. */
export function upcast(event: ShiplogEvent, table: UpcasterTable = UPCASTERS): ShiplogEvent | undefined {
  const chain = table.get(event.type) ?? NONE;
  const now = 1 + chain.length;
  if (event.sv === now) return event;
  if (event.sv > now) return undefined;
  let data = event.data as StoredData;
  for (const next of chain.slice(event.sv - 1)) data = next(data);
  // The last upcaster of the chain makes what the type says.
  return { ...event, sv: now, data } as ShiplogEvent;
}
