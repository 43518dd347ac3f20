// time limit: 240 s
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext } from '@shiplog/contracts';
import { driverFixture, logSuite } from '@shiplog/conformance/log';
import { createKernel } from '@shiplog/kernel-linux';
import { reported } from '@shiplog/test-support';
import { appendFile } from 'node:fs/promises';
import { parseAddress } from './address.ts';
import { FluentdLog } from './driver.ts';
import { ForwardServer } from './forward-server.test.double.ts';
import plugin from './index.ts';

const kernel = createKernel();
const test = suite('fluentd');

async function prepare(more: { readonly [option: string]: string } = { 'fluentd-request-ack': 'true' }) {
  const server = new ForwardServer();
  const port = await server.listen(0);
  const fixture = await driverFixture(({ logger }) => new FluentdLog(kernel, logger), kernel);
  return {
    ...fixture,
    capabilities: plugin.drivers[0]?.manifest.capabilities ?? {},
    options: { 'fluentd-address': `127.0.0.1:${port}`, ...more },
    server,
    received: async (id: string) => whole(server.records.filter(({ fields }) => fields.container_id === id).map(({ fields }) => fields)),
    async cleanup() {
      await fixture.cleanup();
      await server.close();
    },
  };
}

/** Lines, those in parts put together. */
function whole(records: readonly { readonly [name: string]: string }[]) {
  const lines: { text: string; stream: 'stdout' | 'stderr' }[] = [];
  for (const { log = '', source, partial_ordinal: ordinal } of records) {
    if (ordinal !== undefined && ordinal !== '1') {
      const last = lines.at(-1);
      if (last !== undefined) last.text += log;
    } else lines.push({ text: log, stream: source === 'stderr' ? 'stderr' : 'stdout' });
  }
  return lines;
}

logSuite({ test: reported(test, 'log/fluentd', 'log'), factory: () => prepare() });

const subject = {
  id: 'c1',
  name: 'web',
  imageId: 'sha256:1',
  imageName: 'busybox',
  command: ['sh'],
  createdAt: '1',
  labels: { team: 'a' },
  env: {},
};
const ctx = () => createContext({ op: 'test', signal: AbortSignal.timeout(60_000) });

test('given a record, when it arrives, then it has the fields and the time that Docker gives it', async () => {
  const { driver, options, directory, server, cleanup } = await prepare({
    'fluentd-sub-second-precision': 'true',
    tag: 'docker.{{.Name}}',
    labels: 'team',
  });
  try {
    const spool = join(directory, 'spool.log');
    await appendFile(spool, '2026-01-01T00:00:00.000000001+00:00 stderr F text\n');
    await driver.open({ id: 'c1', spool, path: spool, options, subject }, ctx());
    await driver.close({ id: 'c1' }, ctx());
    while (server.records.length === 0) await sleep(10);
    assert.equal(server.records, [
      {
        tag: 'docker.web',
        time: 1_767_225_600_000_000_001n,
        fields: { container_id: 'c1', container_name: '/web', source: 'stderr', log: 'text', team: 'a' },
      },
    ]);
  } finally {
    await cleanup();
  }
});

test('given a server that goes away without an answer, when it is back, then nothing is missing', async () => {
  const { driver, options, directory, server, cleanup } = await prepare();
  try {
    const spool = join(directory, 'spool.log');
    server.deaf = true;
    await appendFile(spool, '2026-01-01T00:00:00.000000001+00:00 stdout F one\n');
    await driver.open({ id: 'c1', spool, path: spool, options, subject }, ctx());
    while (server.lost === 0) await sleep(10);
    await appendFile(spool, '2026-01-01T00:00:00.000000002+00:00 stdout F two\n');
    server.deaf = false;
    await driver.close({ id: 'c1' }, ctx());
    assert.equal(
      server.records.map(({ fields }) => fields.log),
      ['one', 'two'],
    );
  } finally {
    await cleanup();
  }
});

test('given a server that is away and mode=non-blocking, when too much waits, then the oldest is dropped, and only then', async () => {
  const { driver, options, directory, server, cleanup } = await prepare({
    mode: 'non-blocking',
    'max-buffer-size': '100k',
    'fluentd-request-ack': 'true',
  });
  try {
    const spool = join(directory, 'spool.log');
    server.deaf = true;
    const line = (index: number): string => `2026-01-01T00:00:00.000000001+00:00 stdout F ${String(index).padStart(6, '0')}\n`;
    await appendFile(spool, Array.from({ length: 20_000 }, (_, index) => line(index)).join(''));
    await driver.open({ id: 'c1', spool, path: spool, options, subject }, ctx());
    // What is too much is dropped between one try and the next.
    while (server.lost < 2) await sleep(10);
    server.deaf = false;
    await driver.close({ id: 'c1' }, ctx());
    const logs = server.records.map(({ fields }) => Number(fields.log));
    assert.ok(logs.length > 1000 && logs.length < 5000, `${logs.length} of 20000 came`);
    assert.equal(
      logs,
      Array.from({ length: logs.length }, (_, index) => 20_000 - logs.length + index),
    );
  } finally {
    await cleanup();
  }
});

test('given addresses, when they are read, then each is what it says, or refused', () => {
  assert.equal(parseAddress(), { host: '127.0.0.1', port: 24_224 });
  assert.equal(parseAddress('log.example'), { host: 'log.example', port: 24_224 });
  assert.equal(parseAddress('tcp://[::1]:99'), { host: '::1', port: 99 });
  assert.equal(parseAddress('unix:///run/f.sock'), { path: '/run/f.sock' });
  for (const wrong of ['udp://x', 'unix://relative', 'a:b:c', 'x:99999'])
    assert.throws(() => parseAddress(wrong), /invalid fluentd-address/);
});

test.run();
