import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keysOf } from './keys-of.ts';

const test = suite('keys of answers');

test('given an answer, when its keys are told, then with those within, once each, in order; names that people give are none', () => {
  const answer = [
    { Id: 1, State: { Health: { Log: [{ End: 'x' }, { Start: 'y', End: 'z' }] } }, Labels: { mine: 'a', yours: 'b' } },
    { Id: 2, Nothing: null, Networks: { net: { IPAddress: '' }, other: { MacAddress: '' } } },
  ];
  assert.equal(keysOf(answer), [
    '[].Id',
    '[].Labels',
    '[].Labels.*',
    '[].Networks',
    '[].Networks.*',
    '[].Networks.*.IPAddress',
    '[].Networks.*.MacAddress',
    '[].Nothing',
    '[].State',
    '[].State.Health',
    '[].State.Health.Log',
    '[].State.Health.Log[].End',
    '[].State.Health.Log[].Start',
  ]);
});

test('given a list of containers, when its keys are told, then its elements are no names', () => {
  assert.equal(keysOf({ Containers: [{ Id: 1 }] }), ['Containers', 'Containers[].Id']);
  assert.equal(keysOf({ Containers: { abc: { Name: '' } } }), ['Containers', 'Containers.*', 'Containers.*.Name']);
  assert.equal(keysOf({ memory_stats: { stats: { rss: 1 } }, read: '' }), ['memory_stats', 'memory_stats.*', 'read']);
  assert.equal(keysOf('text'), []);
});

test.run();
