import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { Damage, EventLog, ShiplogEvent, Verification } from '@shiplog/contracts';
import type { LogTest } from './log-test.ts';
import { answersOf, assertAnswers, BEGIN, EVENTS, fillArchives, KEY, prune, record, stateBefore, TAG } from './history.ts';
import { request, sample, stamp, stream, take } from './samples.ts';

/** That events which are gone are asked for: LOG_PRUNED, with the first that is kept. `ask` may throw or reject. */
async function refusesPruned(ask: () => unknown, first: number): Promise<void> {
  await assert.rejects(
    async () => ask(),
    (error: { readonly code?: string; readonly facts?: { readonly first?: number } }) =>
      error.code === 'LOG_PRUNED' && error.facts?.first === first,
  );
}

/** Reads on after something happened: what comes must follow on without a gap, to the end, unless LOG_PRUNED ends it. */
async function goesOn(cursor: AsyncIterator<ShiplogEvent>, from: number, end: number): Promise<void> {
  for (let seq = from; seq <= end; seq += 1) {
    try {
      const { value, done } = await cursor.next();
      assert.deepEqual([done, (value as ShiplogEvent | undefined)?.seq], [false, seq]);
    } catch (error) {
      assert.equal((error as { readonly code?: string }).code, 'LOG_PRUNED', String(error));
      return;
    }
  }
}

async function readsAll(log: EventLog, first: number): Promise<void> {
  const seqs = (await take(log.read())).map(({ seq }) => seq);
  assert.deepEqual(
    seqs,
    Array.from({ length: log.durableSeq + 1 - first }, (_, index) => first + index),
  );
}

/** What a log answers once events are gone. */
export function prunedTests(test: LogTest): void {
  test('given pruned events, when read from there, also after reopening, then LOG_PRUNED, and without a beginning the first that is kept', async (log, reopen) => {
    const { first } = await fillArchives(log);
    await prune(log, first);
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      assert.equal(current.firstSeq, first);
      await readsAll(current, first);
      for (const from of [0, first - 1]) {
        await refusesPruned(() => take(current.read({ from })), first);
        await refusesPruned(() => take(current.read({ from, to: first - 1 })), first);
        await refusesPruned(() => take(current.read({ from, types: ['container.*'] })), first);
        await refusesPruned(() => take(current.read({ from, stream: stream('3') })), first);
        await refusesPruned(() => take(current.read({ from, tag: TAG })), first);
        await refusesPruned(() => take(current.follow({ from }), 1), first);
      }
      assert.deepEqual(await take(current.read({ tag: TAG })), []);
      const [kept] = await take(current.follow({}), 1);
      assert.equal(kept?.seq, first);
    }
  });

  test('given pruned events, when their bytes or batches of them are asked for, then LOG_PRUNED', async (log) => {
    const { first } = await fillArchives(log);
    await prune(log, first);
    await refusesPruned(async () => {
      for await (const _ of log.readBytes({ from: first - 1, to: EVENTS - 1 }));
    }, first);
    await refusesPruned(async () => {
      for await (const _ of log.followBatches({ from: 0 })) break;
    }, first);
    for await (const [event] of log.followBatches({})) {
      assert.equal(event?.seq, first);
      break;
    }
  });

  test('given pruned events, when the others and the tree are asked for in any way, also after reopening, then every answer is as before', async (log, reopen) => {
    const { first } = await fillArchives(log);
    const before = await answersOf(log, first);
    await prune(log, first);
    await assertAnswers(log, first, before);
    await assertAnswers(await reopen(), first, before);
  });

  test('given streams of which events were pruned, when read, then those that are kept, or LOG_PRUNED from a revision that is gone', async (log, reopen) => {
    const { first } = await fillArchives(log);
    const kept = (await take(log.readStream(stream('3')))).filter(({ seq }) => seq >= first);
    await prune(log, first);
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      assert.deepEqual(await take(current.readStream(stream('3'))), kept);
      assert.deepEqual(await take(current.read({ stream: stream('3') })), kept);
      assert.deepEqual(await take(current.readStream(stream('once'))), []);
      for (const name of ['3', 'once']) await refusesPruned(() => take(current.readStream(stream(name), 0)), first);
      await refusesPruned(() => take(current.readStream(stream('3'), (kept[0]?.rev ?? 0) - 1)), first);
    }
  });

  test('given times, when a position is asked for, then it is as before the prune, and LOG_PRUNED for what was before the first that is kept', async (log, reopen) => {
    const { first } = await fillArchives(log);
    await prune(log, first);
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      for (const seq of [first, first + 1, first + 100]) assert.equal(await current.positionAt(BigInt(BEGIN + seq)), seq);
      for (const time of [BEGIN + first - 1, BEGIN, 0]) await refusesPruned(() => current.positionAt(BigInt(time)), first);
    }
  });

  test('given pruned streams, when appended to, then revisions go on from those that are gone, also after reopening', async (log, reopen) => {
    const { first } = await fillArchives(log);
    await prune(log, first);
    for (const rev of [1, 2]) {
      const current = rev === 1 ? log : await reopen();
      assert.equal(current.revision('container/once'), rev - 1);
      assert.throws(() => current.append(request([sample('once')], { expected: { 'container/once': 'no-stream' } })), {
        code: 'LOG_CONFLICT',
      });
      const { events, durable } = current.append(request([sample('once', rev)], { expected: { 'container/once': rev - 1 } }));
      await durable;
      assert.deepEqual([events[0]?.seq, events[0]?.rev], [EVENTS + rev, rev]);
      assert.deepEqual(await take(current.readStream('container/once', rev)), events);
      assert.deepEqual((await current.verify()).damage, []);
    }
  });

  test('given an idempotency key of an event that was pruned, when brought again, then it is known, also after reopening', async (log, reopen) => {
    const { first } = await fillArchives(log);
    await prune(log, first);
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      assert.equal(current.findIdempotent(KEY), 0);
      assert.throws(() => current.append(request([sample('a')], { stamp: stamp('op-other', KEY) })), { code: 'LOG_CONFLICT' });
    }
    const { durable } = (await reopen()).append(request([sample('a')], { stamp: stamp('op-first', KEY) }));
    await durable;
  });

  test('given a tag of an event that was pruned, when a condition asks for it, then it is known, also after reopening', async (log, reopen) => {
    const { first } = await fillArchives(log);
    await prune(log, first);
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      assert.throws(() => current.append(request([sample('a')], { conditions: [{ tags: [TAG], after: -1 }] })), {
        code: 'LOG_CONDITION_FAILED',
      });
      await current.append(request([sample('a')], { conditions: [{ tags: [TAG], after: 0 }] })).durable;
    }
  });

  test('given a follower that did not come far, when its next events are pruned, then it is told, or goes on without a gap', async (log, reopen) => {
    const { first, second } = await fillArchives(log);
    // Opened again: a log may have in memory what was appended last.
    const again = await reopen();
    const far = again.follow({ from: 0 })[Symbol.asyncIterator]();
    const near = again.follow({ from: first })[Symbol.asyncIterator]();
    await far.next();
    await near.next();
    await prune(again, second, { overtake: true });
    await goesOn(far, 1, EVENTS - 1);
    await goesOn(near, first + 1, EVENTS - 1);
    await far.return?.();
    await near.return?.();
    const late = again.follow({ from: second })[Symbol.asyncIterator]();
    await goesOn(late, second, EVENTS);
    await late.return?.();
  });

  test('given reads that are made or under way, when their events are pruned, then they are told, or go on without a gap', async (log) => {
    const { first, second } = await fillArchives(log);
    const [made, begun, ofType] = [log.read(), log.read(), log.read({ types: ['container.kill.*'] })];
    const [cursor, typed] = [begun[Symbol.asyncIterator](), ofType[Symbol.asyncIterator]()];
    assert.equal((await cursor.next()).value?.seq, 0);
    assert.equal((await typed.next()).value?.seq, 5);
    await prune(log, first);
    await prune(log, second);
    await goesOn(cursor, 1, EVENTS - 1);
    await goesOn(made[Symbol.asyncIterator](), 0, EVENTS - 1);
    for (let seq = 10; seq < EVENTS; seq += 5) {
      const next = await typed.next().catch((error: { readonly code?: string }) => error);
      if ('code' in next) {
        assert.equal(next.code, 'LOG_PRUNED');
        break;
      }
      assert.equal((next as IteratorResult<ShiplogEvent>).value?.seq, seq);
    }
    await cursor.return?.();
    await typed.return?.();
  });

  test('given verifications under way, when events are pruned, then these are no damage', async (log) => {
    const { first, second } = await fillArchives(log);
    const damages: Damage[] = [];
    let pruning = true;
    const verifier = async (): Promise<void> => {
      for (; pruning; await turn()) damages.push(...(await log.verify()).damage);
    };
    const pruner = async (): Promise<void> => {
      try {
        for (const position of [first, second]) {
          let overtaken: Promise<Verification> | undefined;
          await log.prune(position, stateBefore(position), async (hashes) => {
            await record(log, hashes);
            overtaken = log.verify();
          });
          damages.push(...((await overtaken)?.damage ?? []));
        }
      } finally {
        pruning = false;
      }
    };
    await Promise.all([verifier(), verifier(), verifier(), pruner()]);
    assert.deepEqual(damages, []);
  });

  test('given pruned events, when verified, whole and incrementally, also after reopening, then the rest is, and the head is that of all', async (log, reopen) => {
    const { first } = await fillArchives(log);
    await prune(log, first);
    const head = Buffer.from(await log.tree.root()).toString('hex');
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      const told: [number, number][] = [];
      const verification = await current.verify({ progress: (checked, total) => void told.push([checked, total]) });
      assert.deepEqual(verification, { from: first, events: EVENTS + 1 - first, head, damage: [] });
      assert.deepEqual(told.at(-1), [EVENTS + 1 - first, EVENTS + 1 - first]);
      const { from, events, damage } = await current.verify({ incremental: true });
      assert.deepEqual([from + events, damage], [EVENTS + 1, []]);
      assert.ok(from >= first);
    }
  });
}
