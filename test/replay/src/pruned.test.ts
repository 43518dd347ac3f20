// time limit: 240 s
import { createHash } from 'node:crypto';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { openLevelLog, sourceAt, verifyLevelLog } from '@shiplog/event-log';
import { createState, evolve, restoreStored, snapshotOf, type State } from '@shiplog/model';
import {
  boundaryOf,
  type Difference,
  eventsOf,
  fold,
  hashOf,
  isBoundary,
  readRecording,
  readSource,
  redecide,
  type Replayable,
  simulate,
  withPrelude,
  writeExport,
} from '@shiplog/replay';
import { temporaryDirectory } from '@shiplog/test-support';
import type { LogBoundary, ShiplogEvent } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { goldenLogs } from './golden.ts';

const test = suite('pruned logs');
const golden = await goldenLogs();

async function* items(boundary: LogBoundary | undefined, events: readonly ShiplogEvent[]): AsyncGenerator<ShiplogEvent | LogBoundary> {
  if (boundary !== undefined) yield boundary;
  yield* events;
}

async function allOf<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of list) found.push(item);
  return found;
}

async function differencesIn(log: Replayable): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  await redecide(log, (difference) => differences.push(difference));
  return differences;
}

for (const { release, log, pruned, expected } of golden) {
  const { first } = expected;

  test(`given the log that ${release} pruned, when it is opened today, then what stands for its beginning is as recorded, and it goes on`, async () => {
    await using temporary = await temporaryDirectory();
    const directory = join(temporary.path, 'log');
    await cp(pruned, directory, { recursive: true });
    assert.equal((await verifyLevelLog(directory)).damage, []);
    const opened = await openLevelLog({ directory, boot: 'boot', inst: 'inst' });
    assert.is(opened.firstSeq, first);
    assert.is((await opened.boundary())?.seq, first - 1);
    const last = (await allOf(opened.read())).findLast(({ stream }) => stream !== 'engine');
    assert.ok(last);
    assert.is(opened.revision(last.stream), last.rev, 'revisions go on');
    const stamp = { op: 'later', corr: 'later', t: last.t, mono: last.mono, actor: last.actor };
    const event = { stream: 'engine', type: 'log.read.ended', kind: 'meta', data: { last: 0 } } as const;
    await opened.append({ stamp, events: [event] }).durable;
    assert.equal((await opened.verify()).damage, []);
    await opened.close();
  });

  test(`given the log that ${release} pruned, when its first state is restored today, then it is what today makes of the events that are gone`, async () => {
    const boundary = (await allOf(readSource(pruned))).find(isBoundary);
    assert.ok(boundary);
    const whole = await fold(readSource(log), { seq: first - 1 });
    const help = 'evolve makes another state of the same events: add an upcaster for stored states (core/model/src/stored-state.ts)';
    assert.is(hashOf(restoreStored(boundary.state)), whole.hash, help);
  });

  test(`given the log that ${release} pruned, when it is folded, then its states have the hashes they had, and earlier ones are gone`, async () => {
    for (const [seq, hash] of Object.entries(expected.hashes)) {
      const folded = fold(readSource(pruned), { seq: Number(seq) });
      if (Number(seq) < first - 1) assert.is(await codeOf(folded), 'LOG_PRUNED', seq);
      else assert.equal([(await folded).hash, (await folded).first], [hash, first], seq);
    }
    assert.is((await fold(readSource(pruned), { seq: first - 1 })).seq, first - 1);
    const [event] = await allOf(eventsOf(readSource(pruned)));
    assert.is(await codeOf(fold(readSource(pruned), { time: String(BigInt(event?.t ?? 0) - 1n) })), 'LOG_PRUNED');
  });

  test(`given the log that ${release} pruned, when every command is decided anew, then only what was changed on purpose differs`, async () => {
    assert.equal(
      (await differencesIn(readSource(pruned))).map(({ seq, changes }) => ({ seq, changes })),
      expected.differences.filter(({ seq }) => seq >= first).map(({ seq, changes }) => ({ seq, changes })),
    );
  });

  test(`given the log that ${release} pruned, when it is simulated twice, then both are one log that goes on from its first state, and commands end as they did`, async () => {
    const recording = await readRecording(readSource(pruned));
    assert.is(recording.start.seq, first - 1);
    const [one, two] = [await simulate(recording), await simulate(recording)];
    assert.equal(JSON.stringify(one.events), JSON.stringify(two.events));
    assert.equal([one.others, one.released, one.events[0]?.seq], [[], 0, first]);
    await using temporary = await temporaryDirectory();
    const out = join(temporary.path, 'out.jsonl.gz');
    await writeExport(out, one.events, boundaryOf(recording.start));
    assert.is((await fold(readSource(out))).first, first);
    assert.equal(await differencesIn(readSource(out)), []);
  });

  test(`given the log that ${release} pruned, when exported, then a repair takes what stands for its beginning from there: it has the recorded hash`, async () => {
    const all = await allOf(readSource(pruned));
    await using temporary = await temporaryDirectory();
    const out = join(temporary.path, 'out.jsonl.zst');
    const events = all.filter((item) => !isBoundary(item));
    await writeExport(out, events, all.find(isBoundary));
    const said = events.find((event) => event.type === 'log.bounded' && event.data.first === first);
    assert.ok(said?.type === 'log.bounded');
    assert.equal(
      (await sourceAt(out).boundaryParts()).map((part) => createHash('sha256').update(part).digest('hex')),
      [said.data.state],
    );
  });

  test(`given the log that ${release} pruned, when exported with another first state, then it is refused where the log tells of it`, async () => {
    const all = await allOf(readSource(pruned));
    const boundary = all.find(isBoundary);
    assert.ok(boundary);
    const events = all.filter((item) => !isBoundary(item));
    await using temporary = await temporaryDirectory();
    const out = join(temporary.path, 'out.jsonl');
    await writeExport(out, events, boundary);
    const { hash } = await fold(readSource(out));
    assert.is(hash, (await fold(readSource(pruned))).hash);
    await writeExport(out, events, { ...boundary, state: { ...boundary.state, containers: [] } });
    assert.is(await codeOf(fold(readSource(out))), 'LOG_CORRUPT');
    await writeExport(out, events);
    assert.is(await codeOf(fold(readSource(out))), 'LOG_CORRUPT');
  });
}

test('given what was there at the beginning, when it is made by commands, then the same images, networks, volumes and containers are there', async () => {
  for (const { pruned } of golden) {
    const recording = await readRecording(readSource(pruned));
    const { start } = recording;
    const whole = withPrelude(recording);
    const commands = whole.commands.filter(({ seq }) => seq < 0);
    assert.is(whole.commands.length, recording.commands.length + commands.length);
    assert.ok(
      whole.commands.slice(commands.length).every(({ after }) => after.length > 0),
      'all others come later',
    );
    const { events, others } = await simulate({
      ...whole,
      start: createState(),
      commands,
      runs: { containers: new Map(), execs: new Map() },
    });
    assert.equal(others, []);
    const { state } = await fold(items(undefined, events));
    for (const kind of ['images', 'networks', 'containers'] as const)
      assert.equal([...state[kind].keys()].toSorted(), [...start[kind].keys()].toSorted(), kind);
    assert.equal([...state.volumes.keys()].toSorted(), [...start.volumes.keys()].toSorted());
    const told = ({ containers }: State): readonly unknown[] =>
      [...containers.values()].map(({ id, name, process, status }) => [id, name, process !== undefined, status === 'paused']);
    assert.equal(told(state), told(start));
  }
});

test('given any position, also amid operations, when the log is replayed from the state there, then it folds, decides and simulates as the whole', async () => {
  const [whole] = golden;
  assert.ok(whole);
  const events = await allOf(eventsOf(readSource(whole.log)));
  const { hash } = await fold(items(undefined, events));
  const state: State = createState();
  let amid = 0;
  for (const event of events.slice(0, -100)) {
    evolve(state, event);
    if (event.seq % 61 !== 0) continue;
    amid += state.openOperations.size > 0 ? 1 : 0;
    const boundary: LogBoundary = JSON.parse(JSON.stringify(boundaryOf(snapshotOf(state))));
    const cut = (): Replayable => items(boundary, events.slice(event.seq + 1));
    assert.is((await fold(cut())).hash, hash, `from ${event.seq}`);
    assert.equal(await differencesIn(cut()), [], `from ${event.seq}`);
    const { others, released } = await simulate(await readRecording(cut()));
    assert.equal([others, released], [[], 0], `from ${event.seq}`);
  }
  assert.ok(amid > 5, 'some were amid operations');
});

test.run();
