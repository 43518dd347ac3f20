import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ShiplogEvent } from '@shiplog/contracts';
import { Milestones } from './milestones.ts';

const test = suite('milestones');

function intent(op: string, verb: 'log.prune', reason: string): ShiplogEvent {
  const stamp = { op, corr: op, t: '1', mono: '1', boot: 'b', inst: 'i', actor: { scheme: 'system', reason } };
  const data = { args: { before: 0 }, givens: {}, decided: { before: 0 } };
  return {
    v: 1,
    seq: 0,
    id: op,
    stream: 'engine',
    rev: 0,
    type: `${verb}.requested`,
    sv: 1,
    kind: 'intent',
    ...stamp,
    data,
  } as ShiplogEvent;
}

test('given what the engine does by itself, when it is named, then reactions are counted, and what nothing leads to again keeps its operation', () => {
  const milestones = new Milestones();
  for (const [op, reason] of [
    ['a', 'exit'],
    ['b', 'recovery'],
    ['c', 'retention'],
    ['d', 'teardown'],
    ['e', 'health'],
    ['f', 'restart-policy'],
  ] as const)
    milestones.add(intent(op, 'log.prune', reason));
  assert.equal(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((op) => milestones.of(op)),
    ['log.prune engine #1', 'log.prune engine #2', 'op c', 'op d', 'op e', 'log.prune engine #3'],
  );
});

test.run();
