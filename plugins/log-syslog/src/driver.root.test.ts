// time limit: 400 s
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type LogDriver } from '@shiplog/contracts';
import { driverFixture, logSuite } from '@shiplog/conformance/log';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { reported, temporaryDirectory } from '@shiplog/test-support';
import { parseAddress } from './address.ts';
import { SyslogLog } from './driver.ts';
import plugin from './index.ts';
import { Rsyslog } from './rsyslog.test.double.ts';

const kernel = createKernel();
const test = suite('syslog');
const home = await temporaryDirectory();
const server = await Rsyslog.start(home.path);
test.after(async () => {
  await server.stop();
  await home[Symbol.asyncDispose]();
});

logSuite({
  test: reported(test, 'log/syslog', 'log'),
  factory: async () => ({
    ...(await driverFixture(({ logger }) => new SyslogLog(kernel, logger), kernel)),
    capabilities: plugin.drivers[0]?.manifest.capabilities ?? {},
    options: { 'syslog-address': `tcp://127.0.0.1:${server.tcp}` },
    received: async (id) =>
      (await server.messages())
        .filter(({ app }) => app === id.slice(0, 12))
        .map(({ severity, text }) => ({ text, stream: severity === 'err' ? 'stderr' : 'stdout' })),
  }),
});

/** Sends one line with these options and answers the message that came. */
async function sendOne(tag: string, options: { readonly [option: string]: string }, patienceMs = 60_000) {
  await using temporary = await temporaryDirectory();
  const { logger } = createTestServices({ kernel, stateDir: temporary.path, runDir: temporary.path });
  await using driver: LogDriver & AsyncDisposable = new SyslogLog(kernel, logger);
  const spool = join(temporary.path, 'spool.log');
  await appendFile(spool, '2026-01-02T03:04:05.678901234+00:00 stderr F text of it\n');
  const subject = { id: 'c'.repeat(64), name: 'web', imageId: '', imageName: '', command: [], createdAt: '1', labels: {}, env: {} };
  const ctx = createContext({ op: 'test', signal: AbortSignal.timeout(patienceMs) });
  await driver.check({ options: { ...options, tag } }, ctx);
  await driver.open({ id: 'c1', spool, path: spool, options: { ...options, tag }, subject }, ctx);
  await driver.close({ id: 'c1' }, ctx);
  for (const end = Date.now() + patienceMs; Date.now() < end;) {
    const found = (await server.messages()).find(({ app }) => app === tag);
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error(`no message of ${tag} came`);
}

test('given every way to a server and every format, when a line is sent, then rsyslog understands it', async () => {
  const ways = {
    udp: { 'syslog-address': `udp://127.0.0.1:${server.udp}` },
    tcp: { 'syslog-address': `tcp://127.0.0.1:${server.tcp}` },
    tls: { 'syslog-address': `tcp+tls://localhost:${server.tls}`, 'syslog-tls-ca-cert': server.certificate },
    unix: { 'syslog-address': `unix://${server.socket}` },
    unixgram: { 'syslog-address': `unixgram://${server.socket}` },
  };
  for (const [way, address] of Object.entries(ways)) {
    for (const format of ['rfc3164', 'rfc5424', 'rfc5424micro']) {
      const tag = `${way}-${format}`;
      const { severity, facility, text, msgid } = await sendOne(tag, { ...address, 'syslog-format': format, 'syslog-facility': 'local3' });
      assert.equal([severity, facility, text, msgid], ['err', 'local3', 'text of it', format === 'rfc3164' ? '-' : tag], tag);
    }
  }
});

test('given a burst of 10,000 lines, when it goes through a unix socket, then every line arrives once and in order', async () => {
  await using temporary = await temporaryDirectory();
  const { logger } = createTestServices({ kernel, stateDir: temporary.path, runDir: temporary.path });
  await using driver: LogDriver & AsyncDisposable = new SyslogLog(kernel, logger);
  const spool = join(temporary.path, 'spool.log');
  const texts = Array.from({ length: 10_000 }, (_, index) => `line ${index} ${'.'.repeat(100)}`);
  await appendFile(spool, texts.map((text) => `2026-01-02T03:04:05.678901234+00:00 stdout F ${text}\n`).join(''));
  const subject = { id: 'd'.repeat(64), name: 'web', imageId: '', imageName: '', command: [], createdAt: '1', labels: {}, env: {} };
  const ctx = createContext({ op: 'test', signal: AbortSignal.timeout(60_000) });
  await driver.open(
    { id: 'd1', spool, path: spool, options: { 'syslog-address': `unixgram://${server.socket}`, tag: 'burst' }, subject },
    ctx,
  );
  await driver.close({ id: 'd1' }, ctx);
  const arrived = async (): Promise<string[]> => (await server.messages()).filter(({ app }) => app === 'burst').map(({ text }) => text);
  for (let tries = 0; tries < 1200 && (await arrived()).length < texts.length; tries += 1) await sleep(50);
  assert.equal(await arrived(), texts);
});

test('given a certificate that nobody vouches for, when a line is sent, then it is not, unless that does not matter', async () => {
  const address = { 'syslog-address': `tcp+tls://localhost:${server.tls}` };
  await sendOne('trusted-not', address, 5000).then(
    () => assert.unreachable('it was sent'),
    (error: Error) => assert.match(error.message, /no message/),
  );
  assert.is((await sendOne('trusted-skip', { ...address, 'syslog-tls-skip-verify': 'true' })).text, 'text of it');
});

test('given addresses and facilities, when they are read, then each is what it says, or refused', async () => {
  assert.equal(parseAddress('udp://log.example'), { protocol: 'udp', host: 'log.example', port: 514 });
  assert.equal(parseAddress('tcp+tls://[::1]:6514'), { protocol: 'tcp+tls', host: '::1', port: 6514 });
  const { logger } = createTestServices({ kernel, stateDir: home.path, runDir: home.path });
  const driver: LogDriver = new SyslogLog(kernel, logger);
  const ctx = createContext({ op: 'test', signal: AbortSignal.timeout(60_000) });
  for (const [options, words] of [
    [{ 'syslog-address': 'localhost' }, /should be in form proto:\/\/address, got localhost/],
    [{ 'syslog-address': 'pigeon://x' }, /unsupported protocol/],
    [{ 'syslog-address': 'unix://relative' }, /no absolute path/],
    [{ 'syslog-facility': 'lunch' }, /invalid syslog facility/],
    [{ 'syslog-format': 'verse' }, /Invalid syslog format/],
    [{ 'syslog-tls-cert': '/x' }, /go together/],
  ] as const) {
    await driver.check({ options }, ctx).then(
      () => assert.unreachable(JSON.stringify(options)),
      (error: Error) => assert.match(error.message, words),
    );
  }
});

test.run();
