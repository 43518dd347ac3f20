import { ShiplogError } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Fields } from '../http/fields.ts';
import { parseVersion } from '../http/version.ts';
import { translateUpdate } from './container-update.ts';
import { type TranslatedCreate, translateCreate } from './container-spec.ts';

const test = suite('create body to container spec');

function translate(config: object, hostConfig: object = {}, version = '1.51'): TranslatedCreate {
  const body = new Fields({ Image: 'busybox', ...config, HostConfig: { ...hostConfig } });
  return translateCreate(body, { version: parseVersion(version), defaultLogDriver: 'k8s-file', hostGateway: '172.17.0.1', hostCpus: 2 });
}

function codeOf(config: object, hostConfig: object = {}, version = '1.51'): string {
  try {
    translate(config, hostConfig, version);
  } catch (error) {
    if (error instanceof ShiplogError) return error.code;
    throw error;
  }
  return 'none';
}

test("given nothing but an image, when it is translated, then the defaults are Docker's", () => {
  const { spec, warnings, env } = translate({});
  assert.equal(warnings, []);
  assert.equal(env, []);
  assert.equal(
    [spec.networkMode, spec.shmSizeBytes, spec.seccomp, spec.logDriver, spec.restart.policy, spec.ipcMode, spec.resources],
    ['bridge', 64 << 20, 'default', 'k8s-file', 'no', 'private', {}],
  );
  assert.not.ok('entrypoint' in spec);
  assert.not.ok('cmd' in spec);
});

test("given options of the daemon's log driver, when a container has that driver, then it has them unless it says otherwise", () => {
  const defaults = {
    defaultLogDriver: 'json-file',
    defaultLogOptions: { 'max-size': '10m', 'max-file': '3' },
    hostGateway: '',
    hostCpus: 2,
  };
  const logOf = (LogConfig: object) => {
    const body = new Fields({ Image: 'busybox', HostConfig: { LogConfig } });
    const { logDriver, logOptions } = translateCreate(body, { version: parseVersion('1.51'), ...defaults }).spec;
    return [logDriver, logOptions];
  };
  assert.equal(logOf({}), ['json-file', { 'max-size': '10m', 'max-file': '3' }]);
  assert.equal(logOf({ Type: 'json-file', Config: { 'max-size': '1m' } }), ['json-file', { 'max-size': '1m', 'max-file': '3' }]);
  assert.equal(logOf({ Type: 'local', Config: { mode: 'blocking' } }), ['local', { mode: 'blocking' }]);
});

test("given entrypoints, when they are translated, then null is the image's, one empty word stays for decide, text is one word", () => {
  assert.not.ok('entrypoint' in translate({ Entrypoint: null }).spec);
  assert.equal(translate({ Entrypoint: [''] }).spec.entrypoint, ['']);
  assert.equal(translate({ Entrypoint: 'sh' }).spec.entrypoint, ['sh']);
});

test('given mounts in all their forms, when they are translated, then each is what was meant', () => {
  const { mounts } = translate(
    { Volumes: { '/anon': {}, '/a': {} } },
    {
      Binds: ['/src/../host:/a/:ro,rslave', 'named:/b:nocopy', '/only'],
      Mounts: [
        { Type: 'bind', Source: '/m', Target: '/c', ReadOnly: true },
        { Type: 'volume', Target: '/d' },
      ],
      Tmpfs: { '/t': 'rw,noexec,size=64k,mode=1777' },
    },
  ).spec;
  assert.equal(mounts, [
    { type: 'bind', source: '/host', target: '/a', readOnly: true, createSource: true, propagation: 'rslave' },
    { type: 'volume', source: 'named', target: '/b', readOnly: false, noCopy: true },
    { type: 'volume', source: '', target: '/only', readOnly: false, anonymous: true },
    { type: 'bind', source: '/m', target: '/c', readOnly: true },
    { type: 'volume', source: '', target: '/d', readOnly: false, anonymous: true },
    { type: 'tmpfs', target: '/t', readOnly: false, sizeBytes: 65_536, mode: 0o1777, options: ['noexec'] },
    { type: 'volume', source: '', target: '/anon', readOnly: false, anonymous: true },
  ]);
});

test('given ports, when they are translated, then ranges are expanded and free choices are 0', () => {
  const { ports, exposedPorts } = translate(
    { ExposedPorts: { '80': {}, '8000-8001/udp': {} } },
    { PortBindings: { '80/tcp': [{ HostPort: '' }], '90-91/tcp': [{ HostIp: '127.0.0.1', HostPort: '190-191' }], '99/tcp': null } },
  ).spec;
  assert.equal(exposedPorts, ['80/tcp', '8000/udp', '8001/udp']);
  assert.equal(
    ports.map(({ hostIp, hostPort, containerPort }) => [hostIp, hostPort, containerPort]),
    [
      ['', 0, 80],
      ['127.0.0.1', 190, 90],
      ['127.0.0.1', 191, 91],
    ],
  );
});

test('given networks, when they are named without a mode, then the first is the mode; several need API 1.44', () => {
  const networking = {
    NetworkingConfig: { EndpointsConfig: { one: { Aliases: ['a'], IPAMConfig: { IPv4Address: '10.0.0.9' } }, two: null } },
  };
  const { networkMode, endpoints } = translate(networking).spec;
  assert.equal([networkMode, endpoints], ['one', { one: { aliases: ['a'], ipv4: '10.0.0.9' }, two: {} }]);
  assert.is(codeOf(networking, {}, '1.43'), 'SPEC_INVALID');
  assert.equal(translate({ MacAddress: '02:42:AC:11:00:02' }).spec.endpoints, { bridge: { mac: '02:42:ac:11:00:02' } });
  assert.equal(translate({}, { ExtraHosts: ['me:host-gateway', 'v6:::1'] }).spec.extraHosts, ['me:172.17.0.1', 'v6:::1']);
});

test('given limits, when they are translated, then CPUs become a quota and memory allows as much swap', () => {
  const { resources } = translate(
    {},
    { NanoCpus: 1_500_000_000, Memory: 8 << 20, PidsLimit: -1, BlkioDeviceReadBps: [{ Path: '/dev/a', Rate: 5 }] },
  ).spec;
  assert.equal(resources, {
    memoryBytes: 8 << 20,
    memorySwapBytes: 16 << 20,
    cpuQuotaUs: 150_000,
    cpuPeriodUs: 100_000,
    io: [{ device: '/dev/a', readBps: 5 }],
  });
});

test('given what contradicts itself, when it is translated, then it is refused as invalid', () => {
  const contradictions: readonly (readonly [object, object])[] = [
    [{ Image: '' }, {}],
    [{ Env: ['=x'] }, {}],
    [{ WorkingDir: 'relative' }, {}],
    [{}, { Memory: 1 }],
    [{}, { MemorySwap: 9 << 20 }],
    [{}, { NanoCpus: 1e9, CpuQuota: 5000 }],
    [{}, { NanoCpus: 2.01e9 }],
    [{}, { CapAdd: ['NOSUCH'] }],
    [{}, { CapDrop: ['CAP_ALL'] }],
    [{}, { Binds: ['/a:relative'] }],
    [{}, { Binds: ['/a:/b', '/c:/b'] }],
    [{}, { Binds: ['a b:/b'] }],
    [{}, { RestartPolicy: { Name: 'sometimes' } }],
    [{}, { RestartPolicy: { Name: 'always' }, AutoRemove: true }],
    [{}, { PortBindings: { '70000/tcp': [] } }],
    [{}, { SecurityOpt: ['what=ever'] }],
    [{}, { SecurityOpt: ['seccomp={'] }],
    [{}, { ShmSize: -1 }],
    [{}, { StorageOpt: { size: 'much' } }],
    [{}, { StorageOpt: { size: '0' } }],
    [{}, { StorageOpt: { sizes: '1G' } }],
    [{}, { PidMode: 'theirs' }],
  ];
  for (const [config, hostConfig] of contradictions) {
    assert.is(codeOf(config, hostConfig), 'SPEC_INVALID', JSON.stringify([config, hostConfig]));
  }
});

test('given capabilities and CPUs, when they are translated, then any that there are will do, and others are named', () => {
  const { spec } = translate({}, { CapAdd: ['net_admin', 'cap_chown'], CapDrop: ['all'], NanoCpus: 2e9 });
  assert.equal([spec.capAdd, spec.capDrop, spec.resources.cpuQuotaUs], [['CAP_NET_ADMIN', 'CAP_CHOWN'], ['ALL'], 200_000]);
  assert.throws(() => translate({}, { CapDrop: ['fly'] }), 'invalid CapDrop: unknown capability: "CAP_FLY"');
  const range = 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available';
  assert.throws(() => translate({}, { NanoCpus: 3e9 }), range);
  assert.throws(() => translateUpdate(new Fields({ NanoCpus: 3e9 }), 2), range);
});

test('given what this engine has not, when it would be missed, then it is refused; when not, there is a warning', () => {
  const missed: readonly object[] = [
    { Links: ['a:b'] },
    { VolumesFrom: ['a'] },
    { DeviceRequests: [{ Count: -1 }] },
    { Mounts: [{ Type: 'image', Source: 'x', Target: '/x' }] },
    { PortBindings: { '80/tcp': [{ HostPort: '8000-8010' }] } },
    { SecurityOpt: ['apparmor=mine'] },
  ];
  for (const hostConfig of missed) assert.is(codeOf({}, hostConfig), 'NOT_SUPPORTED', JSON.stringify(hostConfig));
  const harmless = translate({}, { CgroupParent: '/x', IpcMode: 'none' });
  assert.is(harmless.warnings.length, 2);
  assert.is(harmless.spec.logDriver, 'k8s-file');
});

test('given a health check, when it is translated, then what is asked is kept, and what is not is left to the image', () => {
  assert.is(translate({}).spec.healthcheck, undefined);
  assert.equal(translate({ Healthcheck: { Interval: 2e9, Retries: 0 } }).spec.healthcheck, { interval: 2e9 });
  const asked = { Test: ['CMD-SHELL', 'true'], Timeout: 1e9, StartPeriod: 3e9, StartInterval: 1e9, Retries: 5 };
  assert.equal(translate({ Healthcheck: asked }).spec.healthcheck, {
    test: ['CMD-SHELL', 'true'],
    timeout: 1e9,
    startPeriod: 3e9,
    startInterval: 1e9,
    retries: 5,
  });
  // It came with 1.44; the daemon ignores it of an older client.
  assert.not.ok('startInterval' in (translate({ Healthcheck: asked }, {}, '1.43').spec.healthcheck ?? {}));
  assert.ok('startInterval' in (translate({ Healthcheck: asked }, {}, '1.44').spec.healthcheck ?? {}));
});

test('given links, when the network is one that a user made, then they are let be, as with Docker, and links of endpoints are kept', () => {
  assert.is(translate({}, { NetworkMode: 'back', Links: ['app_db_1:db'] }).spec.networkMode, 'back');
  for (const NetworkMode of ['default', 'bridge', 'host', 'none', 'container:a'])
    assert.is(codeOf({}, { NetworkMode, Links: ['a:b'] }), 'NOT_SUPPORTED', NetworkMode);
  const linked = { NetworkingConfig: { EndpointsConfig: { back: { Links: ['a:b'] } } } };
  assert.equal(translate(linked, { NetworkMode: 'back' }).spec.endpoints, { back: { links: ['a:b'] } });
  const plain = { NetworkingConfig: { EndpointsConfig: { bridge: { Links: ['a:b'] } } } };
  assert.is(codeOf(plain), 'NOT_SUPPORTED');
  const wrong = { NetworkingConfig: { EndpointsConfig: { back: { Links: ['a:b:c'] } } } };
  assert.is(codeOf(wrong, { NetworkMode: 'back' }), 'SPEC_INVALID');
});

test('given a size as a storage option, when it is read, then units are powers of 1024, as with Docker', () => {
  const sizes = { '1G': 1_073_741_824, '1.5m': 1_572_864, '10kb': 10_240, '1 GiB': 1_073_741_824, '77': 77 };
  for (const [size, bytes] of Object.entries(sizes)) assert.is(translate({}, { StorageOpt: { size } }).spec.rootfsSizeBytes, bytes, size);
  assert.is(translate({}, {}).spec.rootfsSizeBytes, undefined);
});

test('given a field of the wrong type, when it is read, then the message names it by its path', () => {
  assert.throws(
    () => translate({}, { RestartPolicy: { MaximumRetryCount: 'three' } }),
    /HostConfig\.RestartPolicy\.MaximumRetryCount must be an integer/,
  );
});

test.run();
