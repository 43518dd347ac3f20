import { FORMATS, type Format } from '@shiplog/export';
import type { Actor, ShiplogEvent } from '@shiplog/contracts';
import { syntheticLog } from '@shiplog/model/testing';
import { interleave, timed } from '../measure.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const EVENTS = 50_000;

const ACTOR: Actor = {
  scheme: 'unix',
  uid: 1000,
  gid: 1000,
  pid: 4242,
  start: 1,
  loginuid: 1000,
  exe: '/usr/bin/docker',
  cgroup: '/user.slice',
};

const events: readonly ShiplogEvent[] = [...syntheticLog(EVENTS)].flatMap((append) => [...append.events]).map((event) => ({ ...event, id: String(event.seq), actor: ACTOR })); // prettier-ignore

async function* stream(): AsyncGenerator<ShiplogEvent> {
  yield* events;
}

async function written({ write }: Pick<Format, 'write'>): Promise<void> {
  let bytes = 0;
  for await (const chunk of write(stream())) bytes += chunk.length;
  if (bytes === 0) throw new Error('nothing was written');
}

/** What no format can be faster than: every event by itself, once through JSON. */
async function baseline(): Promise<void> {
  let length = 0;
  for await (const event of stream()) length += JSON.stringify(event).length;
  if (length === 0) throw new Error('no events');
}

const contenders: Record<string, () => Promise<number>> = { 'JSON.stringify': () => timed(baseline) };
for (const format of FORMATS) contenders[format.name] = () => timed(() => written(format));
const series = await interleave(ROUNDS, contenders);
const base = series['JSON.stringify']?.median ?? Number.NaN;
process.stdout.write(
  `\nExport of ${events.length} events in memory, median of ${ROUNDS} interleaved rounds; × is the rate beside JSON.stringify alone.\n\n`,
);
for (const [name, { median, low, high }] of Object.entries(series)) {
  const rate = Math.round(events.length / median);
  process.stdout.write(
    `${name.padEnd(16)} ${String(rate).padStart(5)}k events/s   ${(base / median).toFixed(2)} ×   ${median.toFixed(0)} ms (${low.toFixed(0)} to ${high.toFixed(0)})\n`,
  );
}
