import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ShiplogEvent } from '@shiplog/contracts';
import { evolve } from '../evolve.ts';
import { createState } from '../state.ts';
import { syntheticLog } from './synthetic-log.ts';

const test = suite('syntheticLog');

function eventsOf(count: number, seed: number): readonly ShiplogEvent[] {
  return [...syntheticLog(count, { seed, containers: 30 })].flatMap(({ events }) => events);
}

test('given a seed, when a log is made twice, then it is the same, and another seed makes another', () => {
  assert.is(JSON.stringify(eventsOf(2000, 7)), JSON.stringify(eventsOf(2000, 7)));
  assert.is.not(JSON.stringify(eventsOf(2000, 7)), JSON.stringify(eventsOf(2000, 8)));
});

test('given a log, when its places are looked at, then positions and revisions are gap-free and causes come before', () => {
  const revisions = new Map<string, number>();
  const events = eventsOf(5000, 3);
  assert.ok(events.length >= 5000);
  for (const [index, event] of events.entries()) {
    assert.is(event.seq, index);
    assert.is(event.rev, (revisions.get(event.stream) ?? -1) + 1);
    revisions.set(event.stream, event.rev);
    assert.ok(event.cause === undefined || event.cause < event.seq);
  }
});

test('given a long log, when folded, then it held about as many containers as asked for, and every kind of thing happened', () => {
  const state = createState();
  const types = new Set<string>();
  for (const event of eventsOf(30_000, 5)) {
    types.add(event.type);
    evolve(state, event);
  }
  assert.ok(Math.abs(state.containers.size - 30) < 10, `${state.containers.size} containers`);
  for (const type of [
    'container.start.failed',
    'container.prune.succeeded',
    'exec.exited',
    'image.remove.succeeded',
    'network.remove.succeeded',
  ])
    assert.ok(types.has(type), `no ${type}`);
});

test.run();
