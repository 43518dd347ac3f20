import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, did, given, running } from '../testing/scenario.test.util.ts';

const test = suite('reads of a container');

const READS = [
  ['container.stat', { container: 'web', path: '/etc' }],
  ['container.archive', { container: 'web', path: '/etc' }],
  ['container.export', { container: 'web' }],
] as const;

test('given a container that does not run, when it is read, then it is mounted for that, and kept until the outcome', () => {
  for (const [verb, args] of READS) {
    given(created('web'))
      .when(verb, args)
      .thenDecided(({ mounts }) => assert.is(mounts, true));
    const busy = given(created('web'), began(verb, args));
    assert.is(busy.world.state.container('web').busy?.verb, verb);
    busy.when('container.start', { container: 'web' }).thenRefused('CONTAINER_BUSY');
    busy.when(verb, args).thenRefused('CONTAINER_BUSY');
    assert.is(given(created('web'), did(verb, args)).world.state.container('web').busy, undefined);
  }
});

test('given a container that runs, when it is read, then nothing is mounted, and nobody is kept from it', () => {
  for (const [verb, args] of READS) {
    given(running('web'))
      .when(verb, args)
      .thenDecided(({ mounts }) => assert.is(mounts, false));
    const read = given(running('web'), began(verb, args));
    assert.is(read.world.state.container('web').busy, undefined);
    read.when('container.stop', { container: 'web' }).thenDecided(({ signal }) => assert.is(signal, 15));
  }
});

test('given no container, or no path, when it is to be read, then it is refused', () => {
  const scenario = given(created('web'));
  for (const [verb, args] of READS) scenario.when(verb, { ...args, container: 'nobody' }).thenRefused('CONTAINER_NOT_FOUND');
  for (const verb of ['container.stat', 'container.archive'] as const)
    for (const path of ['', '/a\0b']) scenario.when(verb, { container: 'web', path }).thenRefused('REQUEST_INVALID');
});

test.run();
