import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { healthState, healthStatus } from './healthcheck.ts';

const test = suite('health as Docker tells it');

const process = { pid: 7, startTicks: 1, bootId: 'boot' };
const health = { status: 'healthy', failingStreak: 0 } as const;

test('given no check, when health is told, then there is none', () => {
  assert.equal(healthState({}, undefined), {});
  assert.is(healthStatus({}), 'none');
});

test('given results of probes, when health is told, then they are there with the streak that they make', () => {
  const last = [{ start: '1700000000000000000', end: '1700000000500000000', exitCode: 1, output: 'no\n' }];
  assert.equal(healthState({ health, process }, { failingStreak: 1, last }), {
    Health: {
      Status: 'healthy',
      FailingStreak: 1,
      Log: [{ Start: '2023-11-14T22:13:20Z', End: '2023-11-14T22:13:20.5Z', ExitCode: 1, Output: 'no\n' }],
    },
  });
});

test('given a container that has ended, or an engine that has not probed it, when health is told, then it is what is known', () => {
  assert.equal(healthState({ health }, undefined), { Health: { Status: 'unhealthy', FailingStreak: 0, Log: [] } });
  assert.equal(healthState({ health: { status: 'starting', failingStreak: 0 }, process }, undefined), {
    Health: { Status: 'starting', FailingStreak: 0, Log: [] },
  });
});

test.run();
