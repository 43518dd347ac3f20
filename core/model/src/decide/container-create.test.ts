import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, did, exited, given, idOf, imageOf, load, running, specOf } from '../testing/scenario.test.util.ts';

const test = suite('container.create');

test('given an image, when created, then the command is merged and the record exists from the intent on', () => {
  given(load('web:1', imageOf('web', ['base', 'web'], { Entrypoint: ['/serve'], Cmd: ['--port', '80'] })))
    .when('container.create', { name: '/web', spec: specOf({ image: 'web:1' }) })
    .thenDecided((decided, { stream, intent, conditions, expected }) => {
      assert.equal(decided.argv, ['/serve', '--port', '80']);
      assert.is(decided.name, 'web');
      assert.is(decided.logPath, `/root/containers/${decided.id}/${decided.id}-json.log`);
      assert.is(decided.storageDriver, 'vfs');
      assert.is(stream, `container/${decided.id}`);
      assert.equal(intent.tags, ['name:web']);
      assert.equal(conditions, [{ tags: ['name:web'], after: 9 }]);
      assert.equal(expected, { [stream]: 'no-stream' });
    })
    .thenMeanwhile((state) => {
      assert.is(state.container('web').busy?.verb, 'container.create');
      assert.is(state.openOperations.size, 1);
    })
    .thenState((state) => {
      assert.is(state.container('web').status, 'created');
      assert.is(state.container('web').busy, undefined);
      assert.is(state.container('web').endpoints['bridge']?.ipv4, '');
      assert.is(state.openOperations.size, 0);
    });
});

test('given a creation under way, when another asks for its name, then it is refused', () => {
  const scenario = given(began('container.create', { name: 'web', spec: specOf() }));
  const holder = scenario.world.state.container('web').id;
  scenario
    .when('container.create', { name: 'web', spec: specOf() })
    .thenRefused(
      'CONTAINER_NAME_IN_USE',
      `Conflict. The container name "/web" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
});

test('when creation fails, then the name and the volumes it made are free again', () => {
  given(did('volume.create', { name: 'old', driver: '', options: {}, labels: {} }))
    .when('container.create', {
      name: 'web',
      spec: specOf({
        mounts: [
          { type: 'volume', source: 'old', target: '/old', readOnly: false },
          { type: 'volume', source: 'new', target: '/new', readOnly: false },
        ],
      }),
    })
    .thenMeanwhile((state) => assert.is(state.volume('new').mountpoint, '/root/volumes/new/_data'))
    .thenFailed('DISK_FULL', (state) => {
      assert.throws(() => state.container('web'));
      assert.is(state.volumes.has('new'), false);
      assert.is(state.volumes.has('old'), true);
    });
});

test('given an image with volumes, when created, then those not mounted become anonymous volumes', () => {
  given(load('db:1', imageOf('db', ['base'], { Cmd: ['db'], Volumes: { '/data': {}, '/logs/': {} } })))
    .when('container.create', {
      spec: specOf({ image: 'db:1', mounts: [{ type: 'tmpfs', target: '/logs', readOnly: false }] }),
    })
    .thenDecided(({ spec, name }) => {
      assert.match(name, /^[a-z]+_[a-z]+$/);
      assert.is(spec.mounts.length, 2);
      const added = spec.mounts[1];
      assert.is(added?.target, '/data');
      assert.ok(added?.type === 'volume' && added.anonymous === true && added.source.length === 64);
    });
});

test('given volumes without a name, when created, then each is named and anonymous, and marked ones keep theirs', () => {
  given(load('db:1', imageOf('db', ['base'], { Cmd: ['db'], Volumes: { '/image': {} } })))
    .when('container.create', {
      spec: specOf({
        image: 'db:1',
        mounts: [
          { type: 'volume', source: '', target: '/a', readOnly: false, anonymous: true },
          { type: 'volume', source: 'kept', target: '/b', readOnly: true },
          { type: 'volume', source: '', target: '/c', readOnly: true },
        ],
      }),
    })
    .thenDecided(({ spec }) => {
      const names = spec.mounts.map((mount) => (mount.type === 'volume' ? mount.source : ''));
      assert.equal([names.length, new Set(names).size, names[1]], [4, 4, 'kept']);
      const anonymous = spec.mounts.map((mount) => mount.type === 'volume' && mount.anonymous === true && mount.source.length === 64);
      assert.equal(anonymous, [true, false, true, true]);
    });
});

test('given an entrypoint in the spec, when created, then the cmd of the image is dropped', () => {
  const image = load('web:1', imageOf('web', ['base'], { Entrypoint: ['/serve'], Cmd: ['x'] }));
  given(image)
    .when('container.create', { spec: specOf({ image: 'web:1', entrypoint: ['/bin/ls'] }) })
    .thenDecided(({ argv }) => assert.equal(argv, ['/bin/ls']));
  given(image)
    .when('container.create', { spec: specOf({ image: 'web:1', cmd: ['y'] }) })
    .thenDecided(({ argv }) => assert.equal(argv, ['/serve', 'y']));
  given(image)
    .when('container.create', { spec: specOf({ image: 'web:1', entrypoint: [] }) })
    .thenDecided(({ argv }) => assert.equal(argv, ['x']));
  given(image)
    .when('container.create', { spec: specOf({ image: 'web:1', entrypoint: [''] }) })
    .thenRefused('SPEC_INVALID', 'No command specified');
});

test('given references to another container, when created, then they are resolved to ids', () => {
  const scenario = given(created('base'));
  const { id } = scenario.world.state.container('base');
  scenario
    .when('container.create', { spec: specOf({ networkMode: 'container:base', pidMode: `container:${id.slice(0, 12)}` }) })
    .thenDecided(({ spec }) => {
      assert.is(spec.networkMode, `container:${id}`);
      assert.is(spec.pidMode, `container:${id}`);
    });
  scenario
    .when('container.create', { spec: specOf({ ipcMode: 'container:nobody' }) })
    .thenRefused('CONTAINER_NOT_FOUND', 'No such container: nobody');
});

test('when the image, network or name is wrong, then it is refused', () => {
  const scenario = given();
  const create = (spec: Parameters<typeof specOf>[0], name?: string) =>
    scenario.when('container.create', name === undefined ? { spec: specOf(spec) } : { name, spec: specOf(spec) });
  create({ image: 'nothing' }).thenRefused('IMAGE_NOT_FOUND', 'No such image: nothing:latest');
  create({ networkMode: 'lan' }).thenRefused('NETWORK_NOT_FOUND', 'network lan not found');
  create({}, '_x').thenRefused('NAME_INVALID');
  create({}, 'x').thenRefused('NAME_INVALID');
  create({ endpoints: { bridge: { ipv4: '10.0.0.1' } } }).thenRefused('SPEC_INVALID');
});

const INVALID: readonly (readonly [string, Parameters<typeof specOf>[0], string?])[] = [
  ['little memory', { resources: { memoryBytes: 1024 } }, 'Minimum memory limit allowed is 6MB'],
  ['less swap than memory', { resources: { memoryBytes: 2 ** 24, memorySwapBytes: 2 ** 23 } }],
  ['swap without memory', { resources: { memorySwapBytes: 2 ** 23 } }],
  ['a reservation above the limit', { resources: { memoryBytes: 2 ** 23, memoryReservationBytes: 2 ** 24 } }],
  ['swappiness over 100', { resources: { memorySwappiness: 101 } }],
  ['a bad cpuset', { resources: { cpusetCpus: '3-1' } }, 'Invalid value 3-1 for cpuset cpus'],
  ['a short cfs period', { resources: { cpuPeriodUs: 10 } }],
  ['an io weight of 1', { resources: { ioWeight: 1 } }],
  ['a relative mount', { mounts: [{ type: 'tmpfs', target: 'tmp', readOnly: false }] }],
  ['a mount on the root', { mounts: [{ type: 'tmpfs', target: '/', readOnly: false }] }],
  ['a mount that climbs', { mounts: [{ type: 'bind', source: '/a/../b', target: '/b', readOnly: false }] }],
  [
    'two mounts at one place',
    {
      mounts: [
        { type: 'tmpfs', target: '/a', readOnly: false },
        { type: 'bind', source: '/x', target: '/a', readOnly: false },
      ],
    },
    'Duplicate mount point: /a',
  ],
  ['port 0', { ports: [{ protocol: 'tcp', containerPort: 0, hostIp: '', hostPort: 0 }] }],
  ['host port 65536', { ports: [{ protocol: 'tcp', containerPort: 1, hostIp: '', hostPort: 65_536 }] }],
  ['a host address that is none', { ports: [{ protocol: 'tcp', containerPort: 1, hostIp: '1.2.3', hostPort: 1 }] }],
  ['an exposed port that is none', { exposedPorts: ['http'] }],
  ['retries without on-failure', { restart: { policy: 'always', maxRetries: 3 } }],
  ['auto-remove and restart', { autoRemove: true, restart: { policy: 'always', maxRetries: 0 } }],
  ['a long hostname', { hostname: 'h'.repeat(64) }],
  ['a relative working directory', { workingDir: 'app' }],
  ['a hostname with the host UTS', { hostname: 'h', utsMode: 'host' }],
  ['host network and another', { networkMode: 'host', endpoints: { bridge: {} } }],
  ['a soft ulimit over the hard', { ulimits: [{ name: 'nofile', soft: 2, hard: 1 }] }],
  ['stop timeout -2', { stopTimeout: -2 }],
];
for (const [what, fields, message] of INVALID) {
  test(`given ${what}, when created, then the spec is refused`, () => {
    given()
      .when('container.create', { spec: specOf(fields) })
      .thenRefused('SPEC_INVALID', message);
  });
}

test('given a stop signal that is none, when created, then it is refused', () => {
  given()
    .when('container.create', { spec: specOf({ stopSignal: 'SIGNOPE' }) })
    .thenRefused('SIGNAL_INVALID', 'invalid signal: SIGNOPE');
});

test('given a privileged container in all host modes, when created, then it is accepted', () => {
  given()
    .when('container.create', {
      spec: specOf({ privileged: true, networkMode: 'host', pidMode: 'host', ipcMode: 'host', utsMode: 'host', cgroupnsMode: 'host' }),
    })
    .thenDecided(({ spec }) => assert.is(spec.pidMode, 'host'));
});

test('given too few ids, when created, then the engine is told how many it takes', () => {
  given().when('container.create', { spec: specOf() }, { ids: [] }).thenRefused('INTERNAL');
});

test('given the same command and givens, when decided twice, then the decision is the same', () => {
  const decisions = [1, 2].map(() => {
    const seen: unknown[] = [];
    given(running('aa1'), exited('aa1'))
      .when('container.create', { spec: specOf() }, { ids: [idOf(4711)] })
      .thenDecided((_, accepted) => seen.push(accepted));
    return seen;
  });
  assert.equal(decisions[0], decisions[1]);
});

test.run();
