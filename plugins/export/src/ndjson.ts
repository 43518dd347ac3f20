import { lines } from './chunks.ts';
import type { Format } from './format.ts';

/** One envelope a line, as the engine's own API tells them. The other formats can be made of it anywhere. */
export const ndjson: Format = {
  name: 'ndjson',
  doc: 'one JSON envelope a line: what every other format can be made of',
  binary: false,
  write: (events) => lines(events, (event) => `${JSON.stringify(event)}\n`),
};
