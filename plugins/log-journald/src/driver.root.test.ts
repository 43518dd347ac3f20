// time limit: 400 s
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type LogDriver } from '@shiplog/contracts';
import { driverFixture, logSuite } from '@shiplog/conformance/log';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { reported, temporaryDirectory } from '@shiplog/test-support';
import { JournaldLog } from './driver.ts';
import { entryOf, fieldName } from './entry.ts';
import plugin from './index.ts';

const kernel = createKernel();
const namespace = `shiplog${process.pid}`;
const test = suite('journald');

/** A journal of its own: systemd-journald with a namespace, without the limit on how much one service may say. */
const config = `/etc/systemd/journald@${namespace}.conf`;
await mkdir('/etc/systemd', { recursive: true });
await writeFile(config, '[Journal]\nRateLimitIntervalSec=0\nStorage=volatile\n');
const journal = spawn('/lib/systemd/systemd-journald', [namespace], { stdio: 'ignore' });
for (let tries = 0; !existsSync(`/run/systemd/journal.${namespace}/socket`); tries += 1) {
  if (tries > 1200) throw new Error('systemd-journald made no socket within 60 s');
  await sleep(50);
}

test.after(async () => {
  journal.kill();
  await rm(config, { force: true });
  await rm(`/run/systemd/journal.${namespace}`, { recursive: true, force: true });
  for (const store of ['/run/log/journal', '/var/log/journal']) {
    for (const name of await readdir(store).catch(() => []))
      if (name.endsWith(`.${namespace}`)) await rm(join(store, name), { recursive: true, force: true });
    // Only if it was made for this, and is empty.
    await rmdir(store).catch(() => undefined);
  }
});

logSuite({
  test: reported(test, 'log/journald', 'log'),
  factory: async () => ({
    ...(await driverFixture(({ logger }) => new JournaldLog(kernel, logger, { namespace }), kernel)),
    capabilities: plugin.drivers[0]?.manifest.capabilities ?? {},
  }),
});

test('given an entry that no datagram holds, when it is sent, then the journal has all of it', async () => {
  await using temporary = await temporaryDirectory();
  const { logger } = createTestServices({ kernel, stateDir: temporary.path, runDir: temporary.path });
  await using driver: LogDriver & AsyncDisposable = new JournaldLog(kernel, logger, { namespace });
  const spool = join(temporary.path, 'spool.log');
  await writeFile(spool, '2026-01-02T03:04:05.678901234+00:00 stdout F text of it\n');
  const labels = { large: 'x'.repeat(1 << 20) };
  const subject = { id: 'e'.repeat(64), name: 'web', imageId: '', imageName: '', command: [], createdAt: '1', labels, env: {} };
  const ctx = createContext({ op: 'test', signal: AbortSignal.timeout(60_000) });
  await driver.open({ id: subject.id, spool, path: spool, options: { labels: 'large' }, subject }, ctx);
  await driver.close({ id: subject.id }, ctx);
  const entry = async (): Promise<string> => {
    const args = [`--namespace=${namespace}`, '--output=json', '--all', '--quiet', `CONTAINER_ID_FULL=${subject.id}`];
    return (await promisify(execFile)('journalctl', args, { maxBuffer: 8 << 20 })).stdout;
  };
  for (let tries = 0; tries < 600 && (await entry()) === ''; tries += 1) await sleep(100);
  const { MESSAGE: text, LARGE: large }: { MESSAGE?: string; LARGE?: string } = JSON.parse(await entry());
  assert.is(text, 'text of it');
  assert.ok(large === labels.large, `${String(large?.length)} of ${1 << 20} characters came`);
});

for (const follow of [false, true]) {
  const how = follow ? 'followed to its end' : 'read';
  test(`given a journal that takes its time, when a container that has ended is ${how}, then nothing is missing`, async () => {
    await using temporary = await temporaryDirectory();
    const { logger } = createTestServices({ kernel, stateDir: temporary.path, runDir: temporary.path });
    await using driver: LogDriver & AsyncDisposable = new JournaldLog(kernel, logger, { namespace });
    const spool = join(temporary.path, 'spool.log');
    await writeFile(spool, '2026-01-02T03:04:05.678901234+00:00 stdout F text of it\n');
    const id = (follow ? 'd' : 'c').repeat(64);
    const subject = { id, name: 'web', imageId: '', imageName: '', command: [], createdAt: '1', labels: {}, env: {} };
    const ctx = createContext({ op: 'test', signal: AbortSignal.timeout(60_000) });
    journal.kill('SIGSTOP');
    const goesOn = sleep(2000).then(() => journal.kill('SIGCONT'));
    await driver.open({ id, spool, path: spool, options: {}, subject }, ctx);
    const { signal } = new AbortController();
    const options = { id, spool, path: spool, stdout: true, stderr: true, follow, ended: AbortSignal.abort(), signal };
    const texts: string[] = [];
    for await (const { data } of driver.read(options)) texts.push(Buffer.from(data).toString());
    await goesOn;
    assert.equal(texts, ['text of it\n']);
  });
}

test('given a record, when it becomes an entry, then it is one of the native protocol, whatever is in it', () => {
  const record = { time: '1767225600000000001', stream: 'stderr', data: Buffer.from('a\0b\n'), partial: false } as const;
  const entry = entryOf(record, { CONTAINER_NAME: 'we\nird' }).toString('latin1');
  assert.is(
    entry,
    'CONTAINER_NAME\n\x06\0\0\0\0\0\0\0we\nird\nPRIORITY=3\nSYSLOG_TIMESTAMP=2026-01-01T00:00:00.000000001Z\nMESSAGE\n\x03\0\0\0\0\0\0\0a\0b\n',
  );
  assert.equal([fieldName('_with.space é'), fieldName('A1')], ['WITH_SPACE__', 'A1']);
});

test.run();
