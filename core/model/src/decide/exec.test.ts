import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { created, EXEC, given, running, type World } from '../testing/scenario.test.util.ts';

const test = suite('exec.create, start, resize');
const create = (world: World) => world.run('exec.create', { container: 'web', spec: EXEC }).id;
const ended = (world: World, id: string, exitCode: number) => {
  const containerId = world.state.container('web').id;
  const data = { id, containerId, exitCode, finishedAt: '88' };
  world.append(`x${world.events.length}`, { stream: `container/${containerId}`, type: 'exec.exited', kind: 'observed', data });
};

test('given a running container, when a session is created, started and ends, then its record follows', () => {
  const scenario = given(running('web'));
  scenario
    .when('exec.create', { container: 'web', spec: EXEC })
    .thenDecided((_, { effectless, stream }) => assert.equal([effectless, stream.startsWith('container/')], [true, true]))
    .thenState((state) => assert.is(state.container('web').execIds.length, 1));
  const [id = ''] = scenario.world.state.container('web').execIds;
  const then = scenario.when('exec.start', { exec: id, detach: false, tty: false });
  scenario.when('exec.start', { exec: id, detach: false, tty: false }).thenRefused('EXEC_ALREADY_RUN');
  then.thenState((state) => {
    assert.is(state.exec(id).status, 'running');
    assert.ok(state.exec(id).process !== undefined);
  });
  scenario.when('exec.resize', { exec: id, rows: 1, columns: 2 }).thenDecided(({ columns }) => assert.is(columns, 2));
  ended(scenario.world, id, 3);
  ended(scenario.world, id, 4);
  const { status, exitCode, process, finishedAt } = scenario.world.state.exec(id);
  assert.equal([status, exitCode, process, finishedAt], ['exited', 3, undefined, '88']);
  scenario
    .when('exec.start', { exec: id, detach: false, tty: false })
    .thenRefused('EXEC_ALREADY_RUN', `exec command ${id} has already run`);
  scenario.when('exec.resize', { exec: id, rows: 1, columns: 1 }).thenRefused('CONTAINER_NOT_RUNNING');
});

test('given a session that ended before its start was recorded, when the start succeeds, then it stays exited', () => {
  const scenario = given(running('web'));
  const id = create(scenario.world);
  const then = scenario.when('exec.start', { exec: id, detach: true, tty: false });
  ended(scenario.world, id, 0);
  then.thenState((state) => assert.is(state.exec(id).status, 'exited'));
});

test('when its command cannot be run, then the exit code says why', () => {
  const scenario = given(running('web'));
  const id = create(scenario.world);
  scenario
    .when('exec.start', { exec: id, detach: true, tty: false })
    .thenFailed('COMMAND_NOT_FOUND', (state) => assert.equal([state.exec(id).status, state.exec(id).exitCode], ['exited', 127]));
});

test('given a container that is down or paused, when a session is asked for, then it is refused', () => {
  const scenario = given(created('web'));
  const { id } = scenario.world.state.container('web');
  scenario.when('exec.create', { container: 'web', spec: EXEC }).thenRefused('CONTAINER_NOT_RUNNING', `container ${id} is not running`);
  scenario.world.run('container.start', { container: 'web' });
  const session = create(scenario.world);
  scenario.world.run('container.pause', { container: 'web' });
  scenario
    .when('exec.create', { container: 'web', spec: EXEC })
    .thenRefused('CONTAINER_PAUSED', 'Container web is paused, unpause the container before exec');
  scenario.when('exec.start', { exec: session, detach: true, tty: false }).thenRefused('CONTAINER_PAUSED');
});

test('given no command or an unknown session, when asked, then it is refused', () => {
  const scenario = given(running('web'));
  scenario
    .when('exec.create', { container: 'web', spec: { ...EXEC, command: [] } })
    .thenRefused('SPEC_INVALID', 'No exec command specified');
  scenario.when('exec.start', { exec: 'ffff', detach: true, tty: false }).thenRefused('EXEC_NOT_FOUND', 'No such exec instance: ffff');
});

test('given many sessions that ended, when more end, then the oldest are forgotten', () => {
  const scenario = given(running('web'));
  const ids = Array.from({ length: 70 }, () => {
    const id = create(scenario.world);
    scenario.world.run('exec.start', { exec: id, detach: true, tty: false });
    ended(scenario.world, id, 0);
    return id;
  });
  assert.equal(scenario.world.state.container('web').execIds, ids.slice(6));
  assert.is(scenario.world.state.execs.size, 64);
});

test('given recovery that finds the container dead, when it says so, then its sessions have ended too', () => {
  const scenario = given(running('web'));
  const id = create(scenario.world);
  scenario.world.run('exec.start', { exec: id, detach: true, tty: false });
  scenario.world.exited(scenario.world.state.container('web').id, 137, 'recovery');
  assert.equal([scenario.world.state.exec(id).status, scenario.world.state.exec(id).exitCode], ['exited', 137]);
});

test.run();
