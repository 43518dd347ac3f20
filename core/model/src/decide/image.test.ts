import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, did, digestOf, given, imageOf, load, running, specOf } from '../testing/scenario.test.util.ts';

const test = suite('image.load, import, tag, remove, prune');
const web = imageOf('web', ['base', 'web']);
const short = (name: string) => digestOf(name).slice(7, 19);

test('given a tag on another image, when an image with it is loaded, then the tag moves', () => {
  given(load('app:1', web), load('app:1', imageOf('new', ['new'])))
    .when('image.load', { quiet: true })
    .thenDecided(({ ingest }, { stream }) => assert.equal([ingest.length, stream], [64, 'engine']))
    .thenState((state) => {
      assert.is(state.image('app:1').id, digestOf('new'));
      assert.equal(state.image(web.id).tags, []);
    });
});

test('when imported, then the reference is made familiar, or is empty', () => {
  const scenario = given();
  const args = { message: '', changes: [], source: '-' };
  scenario
    .when('image.import', { ...args, reference: 'docker.io/library/a1' })
    .thenDecided(({ reference }) => assert.is(reference, 'a1:latest'));
  scenario.when('image.import', args).thenDecided(({ reference }) => assert.is(reference, ''));
  scenario.when('image.import', { ...args, reference: 'BAD' }).thenRefused('REFERENCE_INVALID');
});

test('given a tag, when its image is pushed, then by that tag, and the image is known by what the registry has; nothing else is pushed', () => {
  const scenario = given(load('app:1', web));
  scenario
    .when('image.push', { reference: 'docker.io/library/app:1', source: 'mine' })
    .thenDecided(({ id, reference, source }, { stream }) =>
      assert.equal([id, reference, source, stream], [web.id, 'app:1', 'mine', `image/${web.id}`]),
    );
  for (const [reference, code] of [
    ['app:2', 'IMAGE_NOT_FOUND'],
    [web.id.slice(7, 19), 'IMAGE_NOT_FOUND'],
    [`app@${digestOf('manifest')}`, 'REFERENCE_INVALID'],
    ['BAD', 'REFERENCE_INVALID'],
  ] as const)
    scenario.when('image.push', { reference }).thenRefused(code);
  const pushed = did(
    'image.push',
    { reference: 'app:1' },
    { data: { source: 'registry', repoDigest: `app@${digestOf('manifest')}`, size: 1 } },
  );
  given(load('app:1', web), pushed)
    .when('image.tag', { image: `app@${digestOf('manifest')}`, reference: 'other' })
    .thenState((state) => assert.equal(state.image('other').repoDigests, [`app@${digestOf('manifest')}`]));
});

test('when pulled, then the reference is made familiar and keeps its digest, and an image that came is known by it', () => {
  const scenario = given();
  scenario
    .when('image.pull', { reference: 'docker.io/library/a1', source: 'mine' })
    .thenDecided(({ reference, source, storageDriver }, { stream }) =>
      assert.equal([reference, source, storageDriver, stream], ['a1:latest', 'mine', undefined, 'engine']),
    );
  const pinned = `ghcr.io/some/app@${digestOf('manifest')}`;
  scenario.when('image.pull', { reference: pinned.replace('@', ':2@') }).thenDecided(({ reference }) => assert.is(reference, pinned));
  scenario.when('image.pull', { reference: 'BAD' }).thenRefused('REFERENCE_INVALID');
  scenario
    .when('image.pull', { reference: 'a', platform: 'linux/arm64' })
    .thenDecided(({ platform }) => assert.is(platform, 'linux/arm64'));
  scenario.when('image.pull', { reference: 'a', platform: 'nothing like it' }).thenRefused('REQUEST_INVALID');
  const arrived = {
    images: [{ manifest: web, tags: ['app:2'] }],
    storageDriver: 'vfs',
    source: 'mine',
    repoDigest: pinned,
    isNew: true,
  };
  const pull = did('image.pull', { reference: 'app:2' }, { data: arrived });
  given(load('app:2', imageOf('old', ['old'])), pull, pull)
    .when('image.tag', { image: 'app:2', reference: 'b' })
    .thenState((state) => {
      assert.is(state.image('app:2').id, web.id);
      assert.equal(state.image(web.id).repoDigests, [pinned]);
      assert.equal(state.image(digestOf('old')).tags, []);
    });
});

test('given an image, when tagged, then it has one more name', () => {
  const scenario = given();
  scenario
    .when('image.tag', { image: 'busybox', reference: 'host:5000/x' })
    .thenDecided(({ reference }, { effectless }) => assert.equal([reference, effectless], ['host:5000/x:latest', true]))
    .thenState((state) => {
      assert.equal(state.image('busybox').tags, ['busybox:latest', 'host:5000/x:latest']);
      assert.is(state.image('host:5000/x').id, digestOf('busybox'));
    });
  scenario.when('image.tag', { image: 'busybox', reference: `x@${digestOf('q')}` }).thenRefused('REFERENCE_INVALID');
  scenario.when('image.tag', { image: 'nothing', reference: 'x' }).thenRefused('IMAGE_NOT_FOUND', 'No such image: nothing:latest');
});

test('given two names, when removed by one, then only that name goes', () => {
  given(did('image.tag', { image: 'busybox', reference: 'bb:1' }))
    .when('image.remove', { image: 'bb:1', force: false, prune: true })
    .thenDecided(({ removals }, { effectless }) => {
      assert.equal(removals, [{ id: digestOf('busybox'), untag: ['bb:1'], remove: false, snapshots: [], blobs: [] }]);
      assert.is(effectless, true);
    })
    .thenState((state) => assert.equal(state.image('busybox').tags, ['busybox:latest']));
});

test('given layers that another image shares, when removed, then only its own go, uppermost first', () => {
  given(load('web:1', imageOf('web', ['base', 'w1', 'w2'])))
    .when('image.remove', { image: 'web:1', force: false, prune: true })
    .thenDecided(({ removals: [removal] }, { effectless, stream }) => {
      assert.is(removal?.remove, true);
      assert.equal(removal?.snapshots, [digestOf('cbase+w1+w2'), digestOf('cbase+w1')]);
      assert.equal(removal?.blobs, [digestOf('web'), digestOf('bw1'), digestOf('bw2')]);
      assert.equal([effectless, stream], [false, `image/${digestOf('web')}`]);
    })
    .thenMeanwhile((state) => assert.throws(() => state.image('web:1')))
    .thenState((state) => assert.is(state.images.size, 1));
});

test('given a removal under way, when a container is created from the image, then it is not there; if it fails, it is again', () => {
  const scenario = given(load('web:1', web));
  const then = scenario.when('image.remove', { image: 'web:1', force: false, prune: true });
  scenario.when('container.create', { spec: specOf({ image: 'web:1' }) }).thenRefused('IMAGE_NOT_FOUND');
  scenario.world.run('image.tag', { image: 'busybox', reference: 'web:1' });
  then.thenFailed('DRIVER_FAILED', (state) => {
    assert.equal(state.image(web.id).tags, [], 'its tag went to another meanwhile');
    assert.is(state.image('web:1').id, digestOf('busybox'));
  });
});

test('given containers that use it, when removed, then the conflict is told as by Docker', () => {
  const stopped = given(created('c1'));
  const c1 = stopped.world.state.container('c1').id.slice(0, 12);
  stopped
    .when('image.remove', { image: 'busybox', force: false, prune: true })
    .thenRefused(
      'IMAGE_IN_USE',
      `conflict: unable to remove repository reference "busybox" (must force) - container ${c1} is using its referenced image ${short('busybox')}`,
    );
  stopped
    .when('image.remove', { image: short('busybox'), force: false, prune: true })
    .thenRefused(
      'IMAGE_IN_USE',
      `conflict: unable to delete ${short('busybox')} (must be forced) - image is being used by stopped container ${c1}`,
    );
  const up = given(running('c1'));
  up.when('image.remove', { image: digestOf('busybox'), force: true, prune: true }).thenRefused(
    'IMAGE_IN_USE',
    `conflict: unable to delete ${short('busybox')} (cannot be forced) - image is being used by running container ${c1}`,
  );
});

test('given a container that uses it, when removed with force, then the name goes and the layers stay', () => {
  const scenario = given(created('c1'));
  scenario
    .when('image.remove', { image: 'busybox', force: true, prune: true })
    .thenDecided(({ removals }) =>
      assert.equal(removals[0], { id: digestOf('busybox'), untag: ['busybox:latest'], remove: false, snapshots: [], blobs: [] }),
    )
    .thenState((state) => assert.equal(state.image(digestOf('busybox')).tags, []));
  scenario.when('image.remove', { image: digestOf('busybox'), force: true, prune: true }).thenRefused('IMAGE_IN_USE');
});

test('given several names, when removed by id, then it must be forced', () => {
  const scenario = given(did('image.tag', { image: 'busybox', reference: 'bb:1' }));
  scenario
    .when('image.remove', { image: short('busybox'), force: false, prune: true })
    .thenRefused(
      'IMAGE_IN_USE',
      `conflict: unable to delete ${short('busybox')} (must be forced) - image is referenced in multiple repositories`,
    );
  scenario
    .when('image.remove', { image: short('busybox'), force: true, prune: true })
    .thenDecided(({ removals }) => assert.equal(removals[0]?.untag, ['busybox:latest', 'bb:1']));
});

test('given unused images, when pruned, then shared layers go with the last of them and used images stay', () => {
  const one = imageOf('one', ['base', 'mid', 'one']);
  const two = imageOf('two', ['base', 'mid', 'two']);
  const scenario = given(load('', one), load('', two), created('c1'));
  scenario
    .when('image.prune', { images: [one.id, two.id, digestOf('busybox'), 'nothing'] })
    .thenDecided(({ removals }) =>
      assert.equal(
        removals.map(({ snapshots }) => snapshots),
        [[digestOf('cbase+mid+one')], [digestOf('cbase+mid+two'), digestOf('cbase+mid')]],
      ),
    )
    .thenMeanwhile((state) => assert.is(state.images.size, 1))
    .thenFailed('DRIVER_FAILED', (state) => assert.is(state.images.size, 3));
  began('image.prune', { images: [one.id] })(scenario.world);
  scenario.when('image.prune', { images: [two.id] }).thenRefused('PRUNE_RUNNING');
});

test('given ids that share a beginning, when looked up by it, then it is ambiguous', () => {
  const scenario = given(load('', imageOf('web', ['base'])), load('', imageOf('wed', ['base'])));
  scenario.when('image.tag', { image: short('web').slice(0, 4), reference: 'x' }).thenRefused('REFERENCE_AMBIGUOUS');
  assert.is(scenario.world.state.image(`sha256:${short('wed')}`).id, digestOf('wed'));
});

test('given an image, when it migrates, then it is with the other driver, and what nobody else needs goes where it was', () => {
  const other = imageOf('other', ['base', 'other']);
  const scenario = given(load('web:1', web), load('other:1', other));
  scenario
    .when('image.migrate', { image: 'web:1', storageDriver: 'btrfs' })
    .thenDecided(({ id, from, to, snapshots }, { stream, effectless }) => {
      assert.equal([id, from, to, stream, effectless], [web.id, 'vfs', 'btrfs', `image/${web.id}`, false]);
      assert.equal(snapshots, [web.layers.at(-1)?.chainId]);
    })
    .thenState((state) => assert.is(state.image('web:1').storageDriver, 'btrfs'));
  scenario
    .when('image.migrate', { image: 'web:1', storageDriver: 'btrfs' })
    .thenDecided(({ snapshots }, { effectless }) => assert.equal([snapshots, effectless], [[], true]));
  scenario.when('image.migrate', { image: 'web:1', storageDriver: '' }).thenRefused('REQUEST_INVALID');
  scenario.when('image.migrate', { image: 'nothing', storageDriver: 'vfs' }).thenRefused('IMAGE_NOT_FOUND');
});

test('given a container of an image, when the image migrates, then it is refused and says whose it is', () => {
  given(created('web')).when('image.migrate', { image: 'busybox', storageDriver: 'btrfs' }).thenRefused('IMAGE_IN_USE');
});

test('given an image on its way, when a container is made from it, then it is refused', () => {
  given(began('image.migrate', { image: 'busybox', storageDriver: 'btrfs' }))
    .when('container.create', { name: 'web', spec: specOf() })
    .thenRefused('IMAGE_IN_USE');
});

test.run();
