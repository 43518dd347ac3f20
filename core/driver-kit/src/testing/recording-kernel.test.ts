import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { createRecordingKernel } from './recording-kernel.ts';

const test = suite('driver-kit: recording kernel');

test('given calls, when they are made, then each is recorded with its arguments and the state follows', async () => {
  const kernel = createRecordingKernel();
  const call = { type: 'overlay', source: 'overlay', target: '/t', options: ['lowerdir=/a'] };
  await kernel.mounts.mount(call);
  assert.equal(kernel.calls, [{ call: 'mounts.mount', args: [call] }]);
  assert.is((await kernel.mounts.list()).at(-1)?.target, '/t');
  await kernel.mounts.unmount('/t');
  await kernel.mounts.unmount('/t');
  assert.is((await kernel.mounts.list()).length, 1);
});
test('given a failure set, when the call comes, then it fails once', async () => {
  const kernel = createRecordingKernel();
  kernel.failNext('mounts.unmount', 'EBUSY');
  const error = await kernel.mounts.unmount('/t').catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError && error.code === 'KERNEL_CALL_FAILED' && error.facts['errno'] === 'EBUSY');
  await kernel.mounts.unmount('/t');
});
test('given a namespace, when links are made in it, then they are there and not on the host', async () => {
  const { namespaces, links } = createRecordingKernel();
  await namespaces.createNetwork('/run/ns');
  await links.createVeth('host0', { name: 'eth0', namespace: '/run/ns', up: true }, { alias: 'mine' });
  await links.addAddress('eth0', '10.0.0.2/24', '/run/ns');
  assert.equal(
    (await links.list('/run/ns')).map(({ name, addresses }) => [name, ...addresses]),
    [
      ['lo', '127.0.0.1/8'],
      ['eth0', '10.0.0.2/24'],
    ],
  );
  assert.equal(
    (await links.list()).map(({ name }) => name),
    ['lo', 'host0'],
  );
  assert.is((await links.list()).at(-1)?.alias, 'mine');
  await links.remove('host0');
  assert.equal(
    (await links.list('/run/ns')).map(({ name }) => name),
    ['lo'],
  );
});

test.run();
