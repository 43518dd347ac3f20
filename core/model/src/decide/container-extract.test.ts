import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, did, given, running } from '../testing/scenario.test.util.ts';

const test = suite('container.extract');

const INTO = { path: '/etc', noOverwriteDirNonDir: false, copyOwner: false };

test('given a container, running or not, when an archive is for it, then it has the container to itself until its outcome', () => {
  for (const beginning of [created('web'), running('web')]) {
    const scenario = given(beginning);
    scenario.when('container.extract', { container: 'web', ...INTO }).thenDecided(({ id, path }) => {
      assert.is(id.length, 64);
      assert.is(path, '/etc');
    });
    const busy = given(beginning, began('container.extract', { container: 'web', ...INTO }));
    assert.is(busy.world.state.container('web').busy?.verb, 'container.extract');
    busy.when('container.extract', { container: 'web', ...INTO }).thenRefused('CONTAINER_BUSY');
    busy.when('container.remove', { container: 'web', force: true, volumes: false }).thenRefused('CONTAINER_BUSY');
    const done = given(beginning, did('container.extract', { container: 'web', ...INTO }));
    assert.is(done.world.state.container('web').busy, undefined);
  }
});

test('given no container, or no path, when an archive is to be unpacked, then it is refused', () => {
  const scenario = given(created('web'));
  scenario.when('container.extract', { container: 'nobody', ...INTO }).thenRefused('CONTAINER_NOT_FOUND');
  scenario.when('container.extract', { container: 'web', ...INTO, path: '' }).thenRefused('REQUEST_INVALID');
  scenario.when('container.extract', { container: 'web', ...INTO, path: '/a\0b' }).thenRefused('REQUEST_INVALID');
});

test.run();
