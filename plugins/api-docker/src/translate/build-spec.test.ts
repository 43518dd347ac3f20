import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { translateBuild } from './build-spec.ts';

const test = suite('what is to be built');

const PLAIN = {
  dockerfile: 'Dockerfile',
  tags: [],
  labels: {},
  buildArgs: [],
  noCache: false,
  pull: false,
  remove: true,
  forceRemove: false,
  containers: { networkMode: 'bridge', shmSizeBytes: 67_108_864, ulimits: [], resources: {}, extraHosts: [] },
};

test('given no parameters, when they are read, then a build is as Docker has it', () => {
  assert.equal(translateBuild(new URLSearchParams(), ''), { spec: PLAIN, buildArgs: {} });
});

test('given every parameter, when they are read, then each is in its place, and values of arguments are beside', () => {
  const query = new URLSearchParams({
    dockerfile: 'deploy/Dockerfile',
    target: 'first',
    platform: 'linux/amd64',
    labels: '{"a":"b"}',
    buildargs: '{"A":"given","B":null}',
    nocache: '1',
    pull: '1',
    rm: '0',
    forcerm: '1',
    networkmode: 'host',
    memory: '10000000',
    memswap: '20000000',
    cpushares: '5',
    cpuperiod: '6000',
    cpuquota: '7000',
    cpusetcpus: '0-1',
    cpusetmems: '0',
    shmsize: '4096',
    ulimits: '[{"Name":"nofile","Soft":1,"Hard":2}]',
    extrahosts: 'there:host-gateway',
    cachefrom: '["x"]',
  });
  for (const tag of ['x:1', '', 'y']) query.append('t', tag);
  const { spec, buildArgs } = translateBuild(query, '172.30.0.1');
  assert.equal(buildArgs, { A: 'given', B: null });
  assert.equal(spec, {
    dockerfile: 'deploy/Dockerfile',
    target: 'first',
    platform: 'linux/amd64',
    tags: ['x:1', 'y'],
    labels: { a: 'b' },
    buildArgs: ['A', 'B'],
    noCache: true,
    pull: true,
    remove: false,
    forceRemove: true,
    containers: {
      networkMode: 'host',
      shmSizeBytes: 4096,
      ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
      resources: {
        memoryBytes: 10_000_000,
        memorySwapBytes: 20_000_000,
        cpuShares: 5,
        cpuPeriodUs: 6000,
        cpuQuotaUs: 7000,
        cpusetCpus: '0-1',
        cpusetMems: '0',
      },
      extraHosts: ['there:172.30.0.1'],
    },
  });
});

for (const [query, code, word] of [
  ['version=2', 'NOT_SUPPORTED', 'DOCKER_BUILDKIT=0'],
  ['remote=https%3A%2F%2Fexample.com%2Fx.git', 'NOT_SUPPORTED', 'context'],
  ['squash=1', 'NOT_SUPPORTED', 'squash'],
  ['outputs=%5B%7B%22Type%22%3A%22tar%22%7D%5D', 'NOT_SUPPORTED', 'docker cp'],
  ['securityopt=%5B%22seccomp%3Dx%22%5D', 'NOT_SUPPORTED', 'security'],
  ['buildargs=%7B', 'REQUEST_INVALID', 'buildargs'],
  ['buildargs=%7B%22A%22%3A1%7D', 'REQUEST_INVALID', 'buildargs'],
  ['labels=%5B%5D', 'REQUEST_INVALID', 'labels'],
  ['memory=much', 'REQUEST_INVALID', 'memory'],
  ['shmsize=-1', 'REQUEST_INVALID', 'SHM'],
  ['extrahosts=nowhere', 'SPEC_INVALID', 'nowhere'],
] as const)
  test(`given ${query}, when it is read, then it is refused and says what of it`, () => {
    try {
      translateBuild(new URLSearchParams(query), '');
    } catch (error) {
      const { code: found, message } = ShiplogError.wrap(error);
      assert.equal([found, message.includes(word)], [code, true], message);
      return;
    }
    assert.unreachable('it was read');
  });

test.run();
