import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { created, imageOf, installed, World } from '../testing/scenario.test.util.ts';

const test = suite('images that were built of others');

/** base ← made ← built:1, and made ← other:1. */
function family(): World {
  const world = new World();
  installed(world);
  const step = { createdBy: 'RUN x' };
  const commit = (of: string, name: string, tag: string): void => {
    created(`for-${name}`, { image: of })(world);
    const args = { container: `for-${name}`, message: '', author: '', pause: false, changes: [], step };
    const parent = world.state.image(of).id;
    const images = [{ manifest: imageOf(name, ['base', name]), tags: tag === '' ? [] : [tag], parent }];
    world.run('image.commit', args, { data: { images, storageDriver: 'vfs' } });
    world.run('container.remove', { container: `for-${name}`, force: true, volumes: true });
  };
  commit('busybox', 'made', '');
  commit(imageOf('made', []).id, 'built', 'built:1');
  commit(imageOf('made', []).id, 'other', 'other:1');
  return world;
}

const removed = (world: World, image: string, prune = true): readonly string[] =>
  world.run('image.remove', { image, force: false, prune }).removals.flatMap(({ id, remove }) => (remove ? [id] : []));
const id = (name: string): string => imageOf(name, []).id;

test('given a built image, when it is removed, then what it was built of goes with the last that needs it, and no further than it was built here', () => {
  const world = family();
  assert.is(world.state.image('built:1').parent, id('made'));
  assert.equal(removed(world, 'built:1'), [id('built')]);
  assert.equal(removed(world, 'other:1'), [id('other'), id('made')]);
  assert.ok(world.state.images.has(world.state.image('busybox').id));
});

test('given a built image, when it is removed without what is untagged, then that stays', () => {
  const world = family();
  assert.equal(removed(world, 'built:1', false), [id('built')]);
  assert.equal(removed(world, 'other:1', false), [id('other')]);
  assert.ok(world.state.images.has(id('made')));
});

test('given an image that others were built of, when it is removed, then by id it is refused, and by name the name goes', () => {
  const world = family();
  const { op, decision } = world.begin(world.command('image.remove', { image: id('made'), force: true, prune: true }));
  assert.not(decision.ok, op);
  if (!decision.ok) assert.match(ShiplogError.from(decision.refusal).message, 'image has dependent child images');
  assert.equal(removed(world, 'busybox'), []);
  assert.equal(world.state.image(id('busybox')).tags, []);
});

test('given images, when they are pruned, then ancestors stay with what needs them and go with the last', () => {
  const world = family();
  const prune = (...images: readonly string[]): readonly string[] =>
    world
      .run('image.prune', { images })
      .removals.map((removal) => removal.id)
      .toSorted();
  assert.equal(prune(id('made')), []);
  assert.equal(prune(id('built'), id('made')), [id('built')]);
  assert.equal(prune(id('other')), [id('other'), id('made')].toSorted());
});

test('given tags that are none, when something is to be built, then it is refused', () => {
  const world = family();
  const args = {
    dockerfile: 'Dockerfile',
    tags: ['a:b', 'a:b', 'c'],
    labels: {},
    buildArgs: [],
    noCache: false,
    pull: false,
    remove: true,
    forceRemove: false,
  };
  const containers = { networkMode: 'bridge', shmSizeBytes: 1, ulimits: [], resources: {}, extraHosts: [] };
  assert.equal(world.run('image.build', { ...args, containers }).references, ['a:b', 'c:latest']);
  for (const more of [{ tags: ['A B'] }, { dockerfile: '' }, { tags: [`a@${id('made')}`] }])
    assert.not(world.begin(world.command('image.build', { ...args, containers, ...more })).decision.ok, JSON.stringify(more));
});

test.run();
