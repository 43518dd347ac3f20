import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ShiplogEvent } from '@shiplog/contracts';
import { syntheticLog } from '@shiplog/model/testing';
import { fold } from './fold.ts';
import { redecide } from './redecide.ts';
import type { Difference } from './redecide/compare.ts';

const test = suite('re-decide');
const events = [...syntheticLog(20_000)].flatMap((append) => append.events);

async function* of(list: readonly ShiplogEvent[]): AsyncGenerator<ShiplogEvent> {
  yield* list;
}

async function decideAgain(list: readonly ShiplogEvent[]) {
  const differences: Difference[] = [];
  const counts = await redecide(of(list), (found) => differences.push(found));
  return { counts, differences };
}

/** The log with one event changed, as another release might have written it. */
function changed<T extends ShiplogEvent['type']>(
  type: T,
  which: (event: Extract<ShiplogEvent, { type: T }>) => boolean,
  change: (event: Extract<ShiplogEvent, { type: T }>) => object,
): { readonly list: readonly ShiplogEvent[]; readonly seq: number } {
  const index = events.findIndex((event) => event.type === type && which(event as Extract<ShiplogEvent, { type: T }>));
  const event = events[index];
  assert.ok(event, `the log has a ${type}`);
  return { list: events.with(index, { ...event, ...change(event as never) } as ShiplogEvent), seq: event.seq };
}

test('given a log that this release wrote, when all of it is decided anew, then nothing differs, operations that interleave included', async () => {
  const { counts, differences } = await decideAgain(events);
  assert.equal(differences, []);
  assert.is(counts.events, events.length);
  assert.is(counts.commands, events.filter(({ kind }) => kind === 'intent').length);
  assert.is(counts.refusals, events.filter(({ result }) => result?.status === 'refused').length);
  assert.ok(counts.refusals > 10);
  assert.equal([counts.reworded, counts.skipped, counts.differences], [0, 0, 0]);
});

test('given a decision that was another then, when decided anew, then its position, its operation and each place in it are told', async () => {
  const { list, seq } = changed(
    'container.stop.requested',
    ({ data }) => data.decided !== null,
    ({ data }) => ({ data: { ...data, decided: { ...data.decided, signal: 63, patience: 1 } } }),
  );
  const { counts, differences } = await decideAgain(list);
  assert.is(counts.differences, 1);
  const [found] = differences;
  assert.is(found?.seq, seq);
  assert.is(found?.op, list[seq]?.op);
  assert.is(found?.verb, 'container.stop');
  assert.equal(
    found?.changes.map(({ path, recorded, now }) => [path, recorded, now]),
    [
      ['decided.signal', 63, 15],
      ['decided.patience', 1, undefined],
    ],
  );
});

test('given a refusal with another code, when decided anew, then it differs; with other words, then not', async () => {
  const refused = ({ result }: ShiplogEvent): boolean => result?.status === 'refused';
  const code = changed('image.remove.failed', refused, ({ result }) => ({
    result: { ...result, error: { ...result?.error, code: 'SPEC_INVALID' } },
  }));
  const first = await decideAgain(code.list);
  assert.equal(
    first.differences.map(({ seq, changes }) => [seq, changes]),
    [[code.seq - 1, [{ path: 'refused', recorded: 'SPEC_INVALID', now: events[code.seq]?.result?.error?.code }]]],
  );
  const words = changed('image.remove.failed', refused, ({ result }) => ({
    result: { ...result, error: { ...result?.error, message: 'no' } },
  }));
  const second = await decideAgain(words.list);
  assert.equal([second.counts.differences, second.counts.reworded], [0, 1]);
});

test('given a command that was refused and would be accepted, and the other way round, when decided anew, then both are told', async () => {
  const refused = events.find(({ type, result }) => type === 'container.start.failed' && result?.error?.code === 'CONTAINER_NOT_FOUND');
  assert.ok(refused);
  const { state } = await fold(of(events), { seq: refused.seq - 2 });
  const startable = [...state.containers.values()].find(
    ({ active, busy, process }) => !active && busy === undefined && process === undefined,
  );
  assert.ok(startable);
  const here = changed(
    'container.start.requested',
    ({ op }) => op === refused.op,
    ({ data }) => ({ data: { ...data, args: { container: startable.name } } }),
  );
  const first = await decideAgain(here.list);
  const [accepted] = first.differences;
  assert.equal([first.differences.length, accepted?.seq], [1, here.seq]);
  const paths = accepted?.changes.map(({ path }) => path.split('.')[0]) ?? [];
  assert.equal([...new Set(paths)].toSorted(), ['decided', 'refused', 'stream', 'tags']);

  const there = changed(
    'container.start.requested',
    ({ data }) => data.decided !== null,
    ({ data }) => ({ data: { ...data, args: { container: 'nobody' } } }),
  );
  const second = await decideAgain(there.list);
  assert.equal([second.differences.length, second.differences[0]?.seq], [1, there.seq]);
  assert.ok(second.differences[0]?.changes.some(({ path, now }) => path === 'refused' && now === 'CONTAINER_NOT_FOUND'));
});

test('given requests nobody could read, verbs and shapes of a later release, when decided anew, then they are skipped and counted', async () => {
  const intents = events.filter(({ type }) => type === 'volume.create.requested' || type === 'image.tag.requested');
  const [one, two, three] = intents;
  assert.ok(one && two && three);
  const list = events
    .with(one.seq, { ...one, data: { ...one.data, args: null, decided: null } } as ShiplogEvent)
    .with(two.seq, { ...two, type: 'volume.resize.requested' } as unknown as ShiplogEvent)
    .with(three.seq, { ...three, sv: 7 } as ShiplogEvent);
  const { counts } = await decideAgain(list);
  assert.is(counts.skipped, 3);
});

test.run();
