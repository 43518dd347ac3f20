import type { ShiplogEvent } from '@shiplog/contracts';
import type { ByteWriter as Bytes } from 'hyparquet-writer';
import { type Column, COLUMNS } from './columns.ts';
import type { Format } from './format.ts';

/** Rows of a row group: what is held in memory at once. */
const GROUP = 10_000;

type Writing = typeof import('hyparquet-writer');
type Schema = ConstructorParameters<Writing['ParquetWriter']>[0]['schema'];

const TYPES = {
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  time: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' } },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
} as const satisfies { readonly [type in Column['type']]: object };

const SCHEMA: Schema = [
  { name: 'root', num_children: COLUMNS.length },
  ...COLUMNS.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...TYPES[type] })),
];

async function* rowGroups(events: AsyncIterable<ShiplogEvent>): AsyncGenerator<Uint8Array> {
  // Loaded when it is wanted: the command line imports every format.
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({ writer, schema: SCHEMA, createdBy: 'shiplog' });
  let rows: ShiplogEvent[] = [];
  const group = async (): Promise<void> => {
    const columnData = COLUMNS.map((column) => ({ name: column.name, data: rows.map((event) => cellOf(column, event)) }));
    await parquet.write({ columnData, rowGroupSize: GROUP });
    rows = [];
  };
  for await (const event of events) {
    if (rows.push(event) < GROUP) continue;
    await group();
    yield taken(writer);
  }
  if (rows.length > 0) await group();
  await parquet.finish();
  yield taken(writer);
}

function cellOf(column: Column, event: ShiplogEvent): unknown {
  const cell = column.of(event);
  if (cell === undefined) return null;
  return column.type === 'integer' || column.type === 'time' ? BigInt(cell) : cell;
}

/** What was written since the last time. The writer's offset, which the file's index is made of, goes on. */
function taken(writer: Bytes): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}

export const parquet: Format = {
  name: 'parquet',
  doc: 'Apache Parquet, one event a row, for DuckDB, pandas and Spark',
  binary: true,
  write: rowGroups,
};
