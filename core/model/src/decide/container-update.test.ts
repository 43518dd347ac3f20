import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, given, running, specOf } from '../testing/scenario.test.util.ts';

const MIB = 2 ** 20;
const test = suite('container.update');
const limited = (): ReturnType<typeof given> => {
  const scenario = given();
  scenario.world.run('container.create', {
    name: 'web',
    spec: specOf({ resources: { memoryBytes: 64 * MIB, memorySwapBytes: 128 * MIB, pids: 5 } }),
  });
  return scenario;
};

test('given a container that does not run, when limits change, then its spec has them, the others stay, and no driver is asked', () => {
  limited()
    .when('container.update', { container: 'web', limits: { pids: 7 }, restart: { policy: 'on-failure', maxRetries: 2 } })
    .thenDecided((decided, { effectless }) => {
      assert.equal(decided.limits, { pids: 7 });
      assert.is(effectless, true);
    })
    .thenState((state) => {
      const { resources, restart } = state.container('web').spec;
      assert.equal(resources, { memoryBytes: 64 * MIB, memorySwapBytes: 128 * MIB, pids: 7 });
      assert.equal(restart, { policy: 'on-failure', maxRetries: 2 });
    });
});
test('given a running container, when limits change, then that has an effect, and a restart policy alone has none', () => {
  const scenario = given(running('web'));
  scenario
    .when('container.update', { container: 'web', limits: { pids: 7 } })
    .thenDecided((_, { effectless }) => assert.is(effectless, false));
  scenario
    .when('container.update', { container: 'web', limits: {}, restart: { policy: 'always', maxRetries: 0 } })
    .thenDecided((_, { effectless }) => assert.is(effectless, true));
});
test('when it fails, then the spec is as it was', () => {
  given(running('web'))
    .when('container.update', { container: 'web', limits: { pids: 7 } })
    .thenFailed('INTERNAL', (state) => assert.is(state.container('web').spec.resources.pids, undefined));
});
test('given limits that do not fit those that stay, when updated, then it is refused', () => {
  const refused = (
    limits: { memoryBytes?: number; memorySwapBytes?: number; memoryReservationBytes?: number; pids?: number },
    message: string,
  ): void => {
    limited().when('container.update', { container: 'web', limits }).thenRefused('SPEC_INVALID', message);
  };
  refused(
    { memoryBytes: 256 * MIB },
    'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
  );
  refused({ memorySwapBytes: 32 * MIB }, 'Minimum memoryswap limit should be larger than memory limit');
  refused({ memoryReservationBytes: 96 * MIB }, 'Minimum memory limit can not be less than memory reservation limit');
  refused({ pids: -2 }, 'invalid pids limit -2: give -1 or more');
});
test('given nobody, one that goes away, or one that is removed when it exits, when updated, then it is refused', () => {
  given().when('container.update', { container: 'nobody', limits: {} }).thenRefused('CONTAINER_NOT_FOUND');
  given(created('web'), began('container.remove', { container: 'web', force: false, volumes: false }))
    .when('container.update', { container: 'web', limits: {} })
    .thenRefused('CONTAINER_BUSY');
  const scenario = given();
  scenario.world.run('container.create', { name: 'web', spec: specOf({ autoRemove: true }) });
  scenario
    .when('container.update', { container: 'web', limits: {}, restart: { policy: 'always', maxRetries: 0 } })
    .thenRefused('SPEC_INVALID', 'Restart policy cannot be updated because AutoRemove is enabled for the container');
});
test.run();
