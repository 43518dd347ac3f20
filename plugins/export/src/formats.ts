import { ShiplogError } from '@shiplog/contracts/errors';
import { chromeTrace } from './chrome-trace.ts';
import { cloudevents } from './cloudevents.ts';
import { csv } from './csv.ts';
import type { Format } from './format.ts';
import { ndjson } from './ndjson.ts';
import { ocsf } from './ocsf.ts';
import { otel } from './otel.ts';
import { parquet } from './parquet.ts';

/** Every format there is. */
export const FORMATS: readonly Format[] = [ndjson, cloudevents, ocsf, otel, csv, parquet, chromeTrace];

/** A format by its name. Throws REQUEST_INVALID, naming those there are. */
export function formatNamed(name: string): Format {
  const format = FORMATS.find((one) => one.name === name);
  if (format !== undefined) return format;
  throw new ShiplogError(
    'REQUEST_INVALID',
    `there is no export format "${name}": give one of ${FORMATS.map((one) => one.name).join(', ')}`,
    { format: name },
  );
}
