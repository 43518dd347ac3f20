import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withNeeds } from './initramfs.ts';
import { installedPackages } from './installed-packages.ts';

const test = suite('guest: image');

test('given a lock file, when packages are chosen, then those for development are left out, except what is wanted with its own', () => {
  const packages = {
    '': {},
    'core/model': {},
    'node_modules/@shiplog/model': { link: true },
    'node_modules/level': { dependencies: { shared: '1' } },
    'node_modules/shared': {},
    'node_modules/linter': { dev: true },
    'node_modules/uvu': { dev: true, dependencies: { kleur: '4', diff: '5', absent: '1' } },
    'node_modules/kleur': { dev: true },
    'node_modules/diff': { dev: true, dependencies: { kleur: '3' } },
    'node_modules/diff/node_modules/kleur': { dev: true },
  };
  assert.equal(installedPackages({ packages }, ['uvu']), [
    'node_modules/diff',
    'node_modules/diff/node_modules/kleur',
    'node_modules/kleur',
    'node_modules/level',
    'node_modules/shared',
    'node_modules/uvu',
  ]);
});
test('given an index of modules, when some are wanted, then theirs and what those need are found, once', () => {
  const index = 'a/virtio.ko:\nb/virtio_pci.ko: b/ring.ko a/virtio.ko\nb/virtio_blk.ko: a/virtio.ko\nc/not_virtio_blk.ko: c/x.ko\n';
  assert.equal(withNeeds(index, ['virtio_pci', 'virtio_blk']), ['b/virtio_pci.ko', 'b/ring.ko', 'a/virtio.ko', 'b/virtio_blk.ko']);
});
test.run();
