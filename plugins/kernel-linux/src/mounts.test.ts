import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseMountInfo } from './mount-info.ts';
import { planMount } from './mount-ops.ts';

const test = suite('kernel-linux: mount options');

test('given words of mount(8), when a mount is planned, then flags are flags and the rest is data in order', () => {
  const plan = planMount(['nosuid', 'lowerdir=/a:/b', 'nodev', 'rw', 'upperdir=/u']);
  assert.equal(plan, { flags: 0x2 | 0x4, propagation: [], data: 'lowerdir=/a:/b,upperdir=/u' });
});

test('given words that contradict, when a mount is planned, then the later one wins', () => {
  assert.is(planMount(['ro', 'rw']).flags, 0);
  assert.is(planMount(['rw', 'ro']).flags, 1);
});

test('given propagation words, when a mount is planned, then each is a change of its own', () => {
  const plan = planMount(['rbind', 'rprivate', 'shared']);
  assert.equal(plan, { flags: 0x1000 | 0x4000, propagation: [0x44000, 0x100000], data: '' });
});

test('given a line of mountinfo with optional fields and escapes, when it is read, then all fields are in place', () => {
  const line = '36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:7 - ext3 /dev/ro\\134ot rw,errors=continue\n';
  assert.equal(parseMountInfo(line), [
    {
      id: 36,
      parent: 35,
      major: 98,
      minor: 0,
      root: '/mnt1',
      target: '/mnt 2',
      type: 'ext3',
      source: '/dev/ro\\ot',
      options: ['rw', 'noatime'],
      superOptions: ['rw', 'errors=continue'],
      propagation: ['master:1', 'shared:7'],
    },
  ]);
});

test('given a mount without optional fields or source, when it is read, then it is there all the same', () => {
  const [mount] = parseMountInfo('22 1 0:21 / /proc rw - proc  rw');
  assert.is(mount?.type, 'proc');
  assert.is(mount?.source, '');
  assert.equal(mount?.propagation, []);
});

test.run();
