import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeDaemon } from '../fake-daemon.test.double.ts';
import { runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('update and stats');
const MIB = 2 ** 20;
const ID = 'a1'.padEnd(64, '0');

/** A sample after one in which the machine's two CPUs worked two seconds and the container half of one. */
const STATS = {
  name: '/web',
  id: ID,
  pids_stats: { current: 3, limit: 20 },
  cpu_stats: { cpu_usage: { total_usage: 1_500_000_000 }, system_cpu_usage: 9_000_000_000, online_cpus: 2 },
  precpu_stats: { cpu_usage: { total_usage: 1_000_000_000 }, system_cpu_usage: 7_000_000_000, online_cpus: 2 },
  memory_stats: { usage: 40 * MIB, limit: 64 * MIB, stats: { inactive_file: 8 * MIB } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: 'read', value: 4096 },
      { major: 8, minor: 0, op: 'write', value: 1_000_000 },
      { major: 8, minor: 16, op: 'read', value: 904 },
    ],
  },
  networks: { eth0: { rx_bytes: 1500, tx_bytes: 20 }, eth1: { rx_bytes: 500, tx_bytes: 0 } },
};

const ROW = {
  Container: 'web',
  ID: 'a10000000000',
  Name: 'web',
  CPUPerc: '50.00%',
  MemUsage: '32MiB / 64MiB',
  MemPerc: '50.00%',
  NetIO: '2kB / 20B',
  BlockIO: '5kB / 1MB',
  PIDs: '3',
};

/** What a stopped container answers. */
const STOPPED = {
  ...STATS,
  pids_stats: {},
  cpu_stats: { cpu_usage: { total_usage: 0 } },
  precpu_stats: { cpu_usage: { total_usage: 0 } },
  memory_stats: {},
  blkio_stats: { io_service_bytes_recursive: null },
  networks: undefined,
};

function objects(text: string): unknown[] {
  return text
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

test('given a sample, when it is asked for once, then each number is counted as docker counts it', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /containers/web/stats', () => STATS);
    const { code, stdout } = await runShiplog(['stats', '--no-stream', '--format', 'json', 'web'], { host: daemon.host });
    assert.is(code, 0);
    assert.equal(objects(stdout), [ROW]);
    assert.is(daemon.seen.at(-1)?.query.get('stream'), '0');
    daemon.answers.set('GET /containers/web/stats', () => ({
      ...STATS,
      memory_stats: { usage: 40 * MIB, limit: 64 * MIB, stats: { inactive_file: MIB, total_inactive_file: 24 * MIB } },
    }));
    const old = await runShiplog(['stats', '--no-stream', '--format', '{{.MemUsage}}', 'web'], { host: daemon.host });
    assert.is(old.stdout, '16MiB / 64MiB\n');
  });
});
test('given no name, when it is asked for once, then all that run are a table, without one that was removed meanwhile', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('GET /containers/json', () => [{ Id: ID }, { Id: 'gone' }]);
    daemon.answers.set(`GET /containers/${ID}/stats`, () => STOPPED);
    daemon.answers.set('GET /containers/gone/stats', () => [404, { message: 'No such container: gone' }]);
    const { code, stdout } = await runShiplog(['stats', '--no-stream', '-a'], { host: daemon.host });
    assert.is(code, 0);
    assert.is(
      stdout,
      [
        'CONTAINER ID   NAME   CPU %   MEM USAGE / LIMIT   MEM %   NET I/O   BLOCK I/O   PIDS',
        'a10000000000   web    0.00%   0B / 0B             0.00%   0B / 0B   0B / 0B     0',
        '',
      ].join('\n'),
    );
    assert.is(daemon.seen.find(({ path }) => path === '/containers/json')?.query.get('all'), '1');
  });
});
test('given a named container, when its stats are followed, then the newest sample is shown until it is removed', async () => {
  await FakeDaemon.run(async (daemon) => {
    const removed = Promise.withResolvers<void>();
    daemon.answers.set('GET /containers/web/stats', async function* () {
      yield `${JSON.stringify(STOPPED)}\n`;
      yield `${JSON.stringify(STATS)}\n`;
      await removed.promise;
    });
    const output: string[] = [];
    const { code } = await runShiplog(['stats', '--format', 'json', 'web'], {
      host: daemon.host,
      onOutput: (text) => {
        output.push(text);
        if (text.includes(ROW.CPUPerc)) removed.resolve();
      },
    });
    assert.is(code, 0);
    assert.equal(objects(output.join('')).at(-1), ROW);
  });
});
test('given a name that nobody has, when its stats are asked for, then the error says so', async () => {
  await FakeDaemon.run(async (daemon) => {
    for (const argv of [
      ['stats', 'nobody'],
      ['stats', '--no-stream', 'nobody'],
    ]) {
      daemon.answers.set('GET /containers/nobody/stats', () => [404, { message: 'No such container: nobody' }]);
      const { code, stderr } = await runShiplog(argv, { host: daemon.host });
      assert.is(code, 1);
      assert.match(stderr, /No such container: nobody/);
    }
  });
});
test('given limits, when containers are updated, then each is asked for these alone, and warnings are told', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('POST /containers/a/update', () => ({ Warnings: ['memory swap: this kernel does not have it'] }));
    daemon.answers.set('POST /containers/b/update', () => ({ Warnings: null }));
    const argv = 'update -m 64m --memory-swap -1 --cpus 0.5 --cpuset-mems 0 --blkio-weight 500 --pids-limit 9 --restart on-failure:2 a b';
    const { code, stdout, stderr } = await runShiplog(argv.split(' '), { host: daemon.host });
    assert.is(code, 0, stderr);
    assert.is(stdout, 'a\nb\n');
    assert.is(stderr, 'WARNING: memory swap: this kernel does not have it\n');
    assert.equal(daemon.body('POST /containers/b/update'), {
      Memory: 64 * MIB,
      MemorySwap: -1,
      NanoCpus: 500_000_000,
      CpusetMems: '0',
      BlkioWeight: 500,
      PidsLimit: 9,
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
    });
  });
});
test('given nothing to change or what is no limit, when an update is asked for, then the engine is not', async () => {
  await FakeDaemon.run(async (daemon) => {
    for (const [argv, said] of [
      [['update', 'web'], /nothing is to be changed/],
      [['update', '-m', 'much', 'web'], /--memory "much" is no size/],
      [['update', '--restart', 'never', 'web'], /is no policy/],
    ] as const) {
      const { code, stderr } = await runShiplog(argv, { host: daemon.host });
      assert.is(code, 125);
      assert.match(stderr, said);
    }
    assert.equal(daemon.calls, []);
  });
});
test.run();
