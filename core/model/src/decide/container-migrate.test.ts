import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, did, given, imageOf, load, running } from '../testing/scenario.test.util.ts';

const test = suite('container.migrate');
const web = imageOf('web', ['base', 'web']);
const other = imageOf('other', ['base', 'other']);

test('given a created container, when it migrates, then it is with the other driver, busy meanwhile, and its image stays', () => {
  const scenario = given(created('web'));
  scenario
    .when('container.migrate', { container: 'web', storageDriver: 'btrfs' })
    .thenDecided(({ id, from, to, snapshots }, { stream, effectless }) => {
      assert.equal([from, to, snapshots, stream, effectless], ['vfs', 'btrfs', [], `container/${id}`, false]);
    })
    .thenState((state) => {
      assert.is(state.container('web').storageDriver, 'btrfs');
      assert.is(state.container('web').busy, undefined);
      assert.is(state.image('busybox').storageDriver, 'vfs');
    });
  scenario
    .when('container.migrate', { container: 'web', storageDriver: 'btrfs' })
    .thenDecided(({ snapshots }, { effectless }) => assert.equal([snapshots, effectless], [[], true]));
});

test('given a container that is not where its image is, when it leaves, then layers that nobody else needs there go', () => {
  const there = { storageDriver: 'btrfs' };
  const scenario = given(
    load('web:1', web),
    load('other:1', other),
    created('one', { image: 'web:1' }),
    created('two', { image: 'web:1' }),
    created('three', { image: 'other:1' }),
    ...['one', 'two', 'three'].map((container) => did('container.migrate', { container, ...there })),
  );
  const [base, top] = web.layers.map(({ chainId }) => chainId);
  scenario
    .when('container.migrate', { container: 'one', storageDriver: 'overlay' })
    .thenDecided(({ snapshots }) => assert.equal(snapshots, [], 'container two needs them'))
    .thenState((state) => assert.is(state.container('one').storageDriver, 'overlay'));
  scenario
    .when('container.migrate', { container: 'two', storageDriver: 'vfs' })
    .thenDecided(({ snapshots }) => assert.equal(snapshots, [top], 'container three needs the lower one'))
    .thenState((state) => assert.is(state.container('two').storageDriver, 'vfs'));
  scenario
    .when('container.migrate', { container: 'one', storageDriver: 'vfs' })
    .thenDecided(({ snapshots }) => assert.equal(snapshots, [top, base]));
});

test('given an image on layers that a container elsewhere needs, when it goes from there, then those stay', () => {
  given(
    load('web:1', web),
    load('other:1', other),
    created('one', { image: 'web:1' }),
    did('image.migrate', { image: 'other:1', storageDriver: 'btrfs' }),
    did('container.migrate', { container: 'one', storageDriver: 'btrfs' }),
  )
    .when('image.remove', { image: 'other:1', force: false, prune: true })
    .thenDecided(({ removals }) => assert.equal(removals[0]?.snapshots, [other.layers.at(-1)?.chainId]));
});

test('when it fails, then it is where it was, and idle', () => {
  given(created('web'))
    .when('container.migrate', { container: 'web', storageDriver: 'btrfs' })
    .thenFailed('INTERNAL', (state) => {
      assert.is(state.container('web').storageDriver, 'vfs');
      assert.is(state.container('web').busy, undefined);
    });
});

test('given one that runs, is busy or is unknown, or no driver, when it is to migrate, then it is refused', () => {
  given(running('web')).when('container.migrate', { container: 'web', storageDriver: 'btrfs' }).thenRefused('CONTAINER_RUNNING');
  const scenario = given(created('web'), began('container.migrate', { container: 'web', storageDriver: 'btrfs' }));
  scenario.when('container.migrate', { container: 'web', storageDriver: 'overlay' }).thenRefused('CONTAINER_BUSY');
  scenario.when('container.start', { container: 'web' }).thenRefused('CONTAINER_BUSY');
  scenario.when('container.migrate', { container: 'web', storageDriver: '' }).thenRefused('REQUEST_INVALID');
  scenario.when('container.migrate', { container: 'nobody', storageDriver: 'vfs' }).thenRefused('CONTAINER_NOT_FOUND');
});

test.run();
