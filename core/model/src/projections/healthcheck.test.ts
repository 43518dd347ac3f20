import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { HealthcheckSpec } from '@shiplog/contracts';
import { created, EXEC, exited, given, imageOf, load, running } from '../testing/scenario.test.util.ts';
import { healthcheckOf } from './healthcheck.ts';

const test = suite('health checks');
const PLAIN = { intervalMs: 30_000, timeoutMs: 30_000, startPeriodMs: 0, startIntervalMs: 5000, retries: 3 };

test('given wishes of container and image, when put together, then the nearest counts, and the rest is as with Docker', () => {
  const image = { Healthcheck: { Test: ['CMD-SHELL', 'look'], Interval: 2_000_000_000, Retries: 7 }, Shell: ['/bin/ash', '-ec'] };
  assert.is(healthcheckOf({}), undefined);
  assert.equal(healthcheckOf({ healthcheck: { test: ['CMD', 'look', 'twice'] } }), { ...PLAIN, command: ['look', 'twice'] });
  assert.equal(healthcheckOf({}, image), { ...PLAIN, command: ['/bin/ash', '-ec', 'look'], intervalMs: 2000, retries: 7 });
  assert.equal(healthcheckOf({ healthcheck: { retries: 1, startPeriod: 5_000_000 } }, image), {
    ...PLAIN,
    command: ['/bin/ash', '-ec', 'look'],
    intervalMs: 2000,
    retries: 1,
    startPeriodMs: 5,
  });
  assert.is(healthcheckOf({ healthcheck: { test: ['NONE'] } }, image), undefined);
  for (const [shell, words] of [
    [
      ['/bin/own', '-c'],
      ['/bin/own', '-c', 'look'],
    ],
    [[], ['/bin/ash', '-ec', 'look']],
  ] as const)
    assert.equal(healthcheckOf({ shell }, image)?.command, words);
});

test('given a check, when the container starts, is probed and ends, then its health is known, from each start anew', () => {
  const { world } = given(created('web', { healthcheck: { test: ['CMD', 'true'] } }), created('plain'));
  const health = () => world.state.container('web').health;
  assert.is(health(), undefined);
  world.run('container.start', { container: 'web' });
  world.run('container.start', { container: 'plain' });
  assert.equal(health(), { status: 'starting', failingStreak: 0 });
  assert.is(world.state.container('plain').health, undefined);
  const { id } = world.state.container('web');
  const probed = (data: object) =>
    world.append('probe', { stream: `container/${id}`, type: 'container.health', kind: 'observed', data: { id, ...data } } as never);
  probed({ was: 'starting', status: 'healthy', failingStreak: 0, exitCode: 0 });
  assert.equal(health(), { status: 'healthy', failingStreak: 0 });
  exited('web', 1)(world);
  probed({ was: 'healthy', status: 'unhealthy', failingStreak: 3, exitCode: 1 });
  assert.equal(health(), { status: 'healthy', failingStreak: 0 }, 'one that ended is not well or unwell any more');
  world.run('container.start', { container: 'web' });
  assert.equal(health(), { status: 'starting', failingStreak: 0 });
});

test('given a check, when the container is started or restarted, then that decides that it is probed; without one it does not', () => {
  const image = load('web:1', imageOf('web', ['base'], { Cmd: ['x'], Healthcheck: { Test: ['CMD', 'true'], Retries: 7 } }));
  const { world } = given(image, created('web', { image: 'web:1' }), created('plain'));
  const check = { ...PLAIN, command: ['true'], retries: 7 };
  assert.equal(world.run('container.start', { container: 'web' }).healthcheck, check);
  assert.equal(world.run('container.restart', { container: 'web' }).healthcheck, check);
  assert.not.ok('healthcheck' in world.run('container.start', { container: 'plain' }));
});

test('given a log in which probes were exec sessions and each failure a fact, when it is folded, then all of them count', () => {
  const { world } = given(running('web', { healthcheck: { test: ['CMD', 'true'] } }));
  const { id } = world.state.container('web');
  for (const [failingStreak, status] of [
    [1, 'starting'],
    [2, 'starting'],
    [3, 'unhealthy'],
    [4, 'unhealthy'],
  ] as const) {
    world.actor = { scheme: 'system', reason: 'health' };
    const exec = world.run('exec.create', { container: 'web', spec: EXEC }).id;
    world.run('exec.start', { exec, detach: true, tty: false });
    world.append('exit', {
      stream: `container/${id}`,
      type: 'exec.exited',
      kind: 'observed',
      data: { id: exec, containerId: id, exitCode: 1, finishedAt: '9' },
    });
    const data = { id, was: failingStreak > 3 ? ('unhealthy' as const) : ('starting' as const), exitCode: 1, status, failingStreak };
    world.append('probe', { stream: `container/${id}`, type: 'container.health', kind: 'observed', data });
    assert.equal(world.state.container('web').health, { status, failingStreak });
    assert.is(world.state.exec(exec).status, 'exited');
  }
});

test('given an image with a check, when its container starts, then it has one', () => {
  const image = load('web:1', imageOf('web', ['base'], { Cmd: ['x'], Healthcheck: { Test: ['CMD', 'true'] } }));
  const { world } = given(image, running('web', { image: 'web:1' }));
  assert.is(world.state.container('web').health?.status, 'starting');
});

test('given a check that makes no sense, when a container is created, then it is refused', () => {
  const wrong: readonly HealthcheckSpec[] = [
    { test: ['SHELL', 'true'] },
    { test: ['CMD'] },
    { interval: 1000 },
    { timeout: -1 },
    { startPeriod: -1 },
    { retries: -1 },
  ];
  const { world } = given(created('other'));
  for (const healthcheck of wrong) assert.throws(() => created('web', { healthcheck })(world), /health check/, JSON.stringify(healthcheck));
});

test.run();
