import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Helpers, Processor } from '@paulirish/trace_engine';
import { Ajv } from 'ajv';
import { CloudEvent } from 'cloudevents';
import { parse as parseCsv } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import protobuf from 'protobufjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Actor, ShiplogError, type ShiplogEvent } from '@shiplog/contracts';
import { syntheticLog } from '@shiplog/model/testing';
import { COLUMNS, FORMATS, formatNamed, OCSF_VERSION, toOcsf } from './index.ts';
import { OCSF_API_ACTIVITY } from './testing/ocsf-api-activity.ts';
import { OTLP_LOGS } from './testing/otlp-logs.ts';

const test = suite('export');

const ACTORS: readonly Actor[] = [
  { scheme: 'unix', uid: 0, gid: 0, pid: 7, start: 9, exe: '/usr/bin/docker', loginuid: 1000, cgroup: '/x' },
  { scheme: 'unix', uid: 1000, gid: 100, pid: 8 },
  { scheme: 'tls', subject: 'CN=alice,O="Example, Inc"', names: ['DNS:a'], fingerprint: 'AA:BB', address: '10.0.0.7:5555' },
  { scheme: 'tcp', address: '[fe80::1]:77' },
  { scheme: 'system', reason: 'exit' },
  { scheme: 'sealed', was: 'unix', subject: 'f00df00df00df00d', box: 'AAAA' },
  { scheme: 'erased', was: 'tls', subject: 'f00df00df00df00d' },
];

/** A log of every sort of event, asked by every sort of caller. */
const EVENTS: readonly ShiplogEvent[] = [...syntheticLog(3000, { seed: 7, containers: 20 })]
  .flatMap(({ events }) => [...events])
  .map((event, index) => ({
    ...event,
    id: `e${event.seq}`,
    actor: ACTORS[index % ACTORS.length] as Actor,
    req: { method: 'POST', route: '/containers/{id}/start', api: '1.51', agent: 'docker "x", y\r\nz' },
  }));

async function* stream(events: readonly ShiplogEvent[] = EVENTS): AsyncGenerator<ShiplogEvent> {
  yield* events;
}

async function text(format: string, events?: readonly ShiplogEvent[]): Promise<string> {
  let all = '';
  for await (const chunk of formatNamed(format).write(stream(events))) all += String(chunk);
  return all;
}

async function documents(format: string): Promise<Record<string, unknown>[]> {
  const lines = (await text(format)).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('given the log, when it is exported as ndjson, then reading it gives the same events', async () => {
  assert.equal(await documents('ndjson'), EVENTS);
});

test('given the log, when it is exported as CloudEvents, then the specification library takes each, and sequences sort as text', async () => {
  const events = await documents('cloudevents');
  assert.is(events.length, EVENTS.length);
  for (const event of events) assert.ok(new CloudEvent(event, true).validate());
  const sequences = events.map(({ sequence }) => String(sequence));
  assert.equal(sequences.toSorted(), sequences);
  assert.equal(
    sequences.map(Number),
    EVENTS.map(({ seq }) => seq),
  );
  assert.throws(() => new CloudEvent({ ...events[0], source: '' }, true).validate());
  assert.is((events[0] as { time: string }).time.replace(/^.*\.(\d+)Z$/, '$1').length, 9);
});

test('given the log, when it is exported as OCSF, then each act fits the class, and there is one for each intent', async () => {
  const fits = new Ajv({ allErrors: true }).compile(OCSF_API_ACTIVITY);
  const acts = await documents('ocsf');
  for (const act of acts) assert.ok(fits(act), `${JSON.stringify(fits.errors)} in ${JSON.stringify(act)}`);
  const asked = EVENTS.filter(({ kind, type }) => kind === 'intent' || type === 'log.read');
  assert.is(acts.length, asked.length);
  for (const { class_uid, activity_id, type_uid } of acts) assert.is(type_uid, Number(class_uid) * 100 + Number(activity_id));
  assert.ok(new Set(acts.map(({ activity_id }) => activity_id)).size >= 3);
  assert.not.ok(fits({ ...acts[0], src_endpoint: {} }), 'the schema refuses');
  assert.is(OCSF_VERSION, '1.5.0');
});

test('given acts that name more than one thing, bring images, or are served by nothing, when they are exported as OCSF, then they fit and are told', () => {
  const fits = new Ajv({ allErrors: true }).compile(OCSF_API_ACTIVITY);
  const common = {
    seq: 1,
    time: '1',
    op: 'o',
    corr: 'o',
    actor: { scheme: 'system', reason: 'test' },
    strength: 'engine',
    status: 'ok',
  } as const;
  for (const [record, activity, resources] of [
    [{ verb: 'request.refused', object: 'engine' }, 'Unknown', ['engine']],
    [{ verb: 'image.tag', object: 'image/sha256:1', target: 'image/b:1' }, 'Update', ['image/sha256:1', 'image/b:1']],
    [{ verb: 'image.build', object: 'engine', images: [{ id: 'sha256:2', tags: ['b:1'] }] }, 'Create', ['engine', 'image/sha256:2']],
  ] as const) {
    const act = toOcsf({ ...common, ...record });
    assert.ok(fits(act), JSON.stringify(fits.errors));
    assert.is(act['activity_name'], activity);
    assert.equal(
      (act['resources'] as readonly { readonly uid: string }[]).map(({ uid }) => uid),
      resources,
    );
  }
});

test('given the log, when it is exported as OTLP, then it survives the protocol buffers of the protocol, field by field', async () => {
  const type = protobuf.parse(OTLP_LOGS).root.lookupType('LogsData');
  let records = 0;
  for (const request of await documents('otel')) {
    const bytes = type.encode(type.fromObject(request)).finish();
    const read = type.toObject(type.decode(bytes), { longs: String }) as { resourceLogs: { scopeLogs: { logRecords: unknown[] }[] }[] };
    assert.equal(read, request);
    records += read.resourceLogs[0]?.scopeLogs[0]?.logRecords.length ?? 0;
  }
  assert.is(records, EVENTS.length);
});

test('given the log, when it is exported as CSV, then a reader gets every cell back', async () => {
  const rows = parseCsv(await text('csv'), { columns: true, record_delimiter: '\r\n' }) as Record<string, string>[];
  assert.is(rows.length, EVENTS.length);
  for (const [index, row] of rows.entries()) {
    const event = EVENTS[index] as ShiplogEvent;
    for (const column of COLUMNS.filter(({ type }) => type !== 'time'))
      assert.is(row[column.name], String(column.of(event) ?? ''), column.name);
    assert.is(BigInt(Date.parse(row['time'] ?? '')), BigInt(event.t) / 1_000_000n);
  }
});

test('given the log, when it is exported as Parquet, then two readers get every cell and the same sums', async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of formatNamed('parquet').write(stream())) chunks.push(chunk as Uint8Array);
  const file = Buffer.concat(chunks);
  const rows = await parquetReadObjects({ file: file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer });
  assert.is(rows.length, EVENTS.length);
  for (const [index, row] of rows.entries()) {
    for (const column of COLUMNS.filter(({ type }) => type !== 'time')) {
      const cell = column.of(EVENTS[index] as ShiplogEvent);
      assert.is(
        column.type === 'integer' && cell !== undefined ? Number(row[column.name]) : (row[column.name] ?? undefined),
        cell,
        column.name,
      );
    }
  }
  const directory = await mkdtemp(join(tmpdir(), 'export-'));
  try {
    const path = join(directory, 'log.parquet');
    await writeFile(path, file);
    const duck = await (await DuckDBInstance.create(':memory:')).connect();
    const [sums] = (
      await duck.runAndReadAll(
        `select count(*), sum(seq), count(distinct op), min(time)::timestamp_ns::varchar, count(status) from '${path}'`,
      )
    ).getRows();
    const seconds = new Date(Number(BigInt(EVENTS[0]?.t ?? '0') / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ');
    assert.equal(sums?.map(String).with(3, String(sums[3]).slice(0, 19)), [
      String(EVENTS.length),
      String(EVENTS.reduce((sum, { seq }) => sum + seq, 0)),
      String(new Set(EVENTS.map(({ op }) => op)).size),
      seconds,
      String(EVENTS.filter(({ result }) => result !== undefined).length),
    ]);
    duck.closeSync();
  } finally {
    await rm(directory, { recursive: true });
  }
});

interface Traced {
  readonly ph: string;
  readonly name: string;
  readonly cat: string;
  readonly id?: string;
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
}

/** Slices by line, as Perfetto reads them: in the order of time, an end is that of the slice that began last on its line. */
async function slices(): Promise<readonly { readonly line: string; readonly name: string; readonly from: number; to?: number }[]> {
  const { traceEvents } = JSON.parse(await text('chrome-trace')) as { traceEvents: Traced[] };
  const all: { line: string; name: string; from: number; to?: number }[] = [];
  const open = new Map<string, (typeof all)[number][]>();
  for (const { ph, name, cat, id, ts, pid, tid } of traceEvents.toSorted((a, b) => a.ts - b.ts)) {
    assert.ok(['b', 'e', 'i', 'M'].includes(ph), ph);
    assert.ok(Number.isFinite(ts) && pid === 1 && tid === 1 && name !== '');
    const line = `${cat} ${id}`;
    const stack = open.get(line) ?? [];
    open.set(line, stack);
    if (ph === 'b') all.push(stack[stack.push({ line, name, from: ts }) - 1] as (typeof all)[number]);
    if (ph !== 'e') continue;
    const last = stack.pop();
    assert.is(last?.name, name, `on ${line} ${name} ends, which did not begin last`);
    if (last !== undefined) last.to = ts;
  }
  return all;
}

test('given the log, when it is exported as a trace, then an end is that of what began last on its line, and steps lie inside operations', async () => {
  const all = await slices();
  const intents = EVENTS.filter(({ kind }) => kind === 'intent');
  const outcomes = EVENTS.filter(({ kind }) => kind === 'outcome');
  // A step may be called what its operation is, but begins no earlier.
  const operations = new Map<string, (typeof all)[number]>();
  for (const one of all) if (!one.line.includes('/') && !operations.has(one.line)) operations.set(one.line, one);
  assert.equal(
    [...operations.values()].map(({ name }) => name).toSorted(),
    intents.map(({ type }) => type.replace('.requested', '')).toSorted(),
  );
  assert.is([...operations.values()].filter(({ to }) => to !== undefined).length, outcomes.length);
  for (const { line, name, from, to = Infinity } of all) {
    const operation = operations.get(line.replace(/\/\d+$/, ''));
    assert.ok(operation !== undefined && from >= operation.from && to <= (operation.to ?? Infinity), `${name} on ${line}`);
  }
  const done = new Set(outcomes.map(({ op }) => op));
  assert.is(all.length - operations.size, EVENTS.filter(({ type, op }) => type === 'operation.step' && done.has(op)).length);
  assert.ok(
    all.some(({ line }) => line.endsWith('/1')),
    'steps side by side have lines of their own',
  );
});

test("given the log, when it is exported as a trace, then Chrome's own engine reads it, and finds slices of the same lengths", async () => {
  // The engine wants one class of a browser, for layouts that are not in this trace.
  const browser = globalThis as { DOMRect?: unknown };
  browser.DOMRect ??= class {};
  const { traceEvents } = JSON.parse(await text('chrome-trace')) as { traceEvents: never[] };
  const engine = Processor.TraceProcessor.createWithAllHandlers();
  await engine.parse(traceEvents, {});
  assert.is(engine.data?.Meta.processNames.get(1 as never)?.args.name, 'shiplog');

  const found = Helpers.Trace.createMatchedSortedSyntheticEvents(traceEvents.filter(({ ph }: Traced) => ph === 'b' || ph === 'e'));
  const lengths = new Map(found.map(({ rawSourceEvent: { cat, id, name }, dur }) => [`${cat} ${id} ${name}`, dur as number]));
  const bySlice = Map.groupBy(await slices(), ({ line, name }) => `${line} ${name}`);
  // It tells slices apart by line and name; of those that share both it has one.
  const told = [...bySlice].flatMap(([slice, [only, ...more]]) =>
    more.length === 0 && only?.to !== undefined ? [[slice, only] as const] : [],
  );
  assert.ok(told.length > EVENTS.length / 5, `${told.length} slices`);
  for (const [slice, { from, to = 0 }] of told) assert.is(lengths.get(slice), to - from, slice);
});

test('given an empty log, when it is exported, then every format makes a file that its readers take', async () => {
  for (const { name, write } of FORMATS) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of write(stream([]))) chunks.push(Buffer.from(chunk));
    const all = Buffer.concat(chunks);
    if (name === 'parquet')
      assert.equal(await parquetReadObjects({ file: all.buffer.slice(all.byteOffset, all.byteOffset + all.length) as ArrayBuffer }), []);
    else if (name === 'chrome-trace') assert.is((JSON.parse(all.toString()) as { traceEvents: unknown[] }).traceEvents.length, 1);
    else assert.is(all.toString(), name === 'csv' ? `${COLUMNS.map((column) => column.name).join(',')}\r\n` : '');
  }
  assert.throws(
    () => formatNamed('xml'),
    (error: unknown) => error instanceof ShiplogError && error.code === 'REQUEST_INVALID',
  );
});

test.run();
