// time limit: 300 s
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, temporaryDirectory, TestDaemon } from '@shiplog/test-support';
import { Rsyslog } from './rsyslog.test.double.ts';

const test = suite('syslog elsewhere');
const PATIENCE_MS = 60_000;

/** Waits until `holds`. */
async function eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !(await holds()); await sleep(50))
    if (Date.now() > end) throw new Error(`it does not happen: ${what}`);
}

for (const isolation of ['worker', 'process']) {
  test(`given the driver in a ${isolation}, when containers print, then all of it arrives, also what comes while the driver is dead`, async () => {
    const home = await temporaryDirectory();
    await mkdir(join(home.path, 'server'));
    const server = await Rsyslog.start(join(home.path, 'server'));
    const daemon = await TestDaemon.start({ extra: ['--isolate', `@shiplog/log-syslog=${isolation}`] });
    try {
      const archive = join(home.path, 'image.tar');
      await busyboxArchive(archive);
      await daemon.docker(['load', '-q', '-i', archive]);
      const to = ['--log-driver', 'syslog', '--log-opt', `syslog-address=tcp://127.0.0.1:${server.tcp}`, '--log-opt', 'tag=told'];
      const texts = async (): Promise<readonly string[]> =>
        (await server.messages()).filter(({ app }) => app === 'told').map(({ text }) => text);
      const ran = await daemon.docker(['run', '--name', 'short', ...to, 'busybox:test', 'echo', 'hello']);
      assert.is(ran.code, 0, ran.stderr);
      await eventually(async () => (await texts()).includes('hello'), 'the line arrives');
      const read = await daemon.docker(['logs', 'short']);
      assert.match(read.stderr, /configured logging driver does not support reading/);
      const bad = await daemon.docker(['run', '--log-driver', 'syslog', '--log-opt', 'nonsense=1', 'busybox:test', 'true']);
      assert.match(bad.stderr, /unknown log opt 'nonsense'/);
      if (isolation === 'worker') return;

      const script = 'echo first; until test -e /tmp/go; do sleep 0.05; done; echo second';
      await daemon.docker(['run', '-d', '--name', 'long', ...to, 'busybox:test', 'sh', '-c', script]);
      await eventually(async () => (await texts()).includes('first'), 'the first line arrives');
      const { pid } = JSON.parse((await daemon.shiplog(['plugin', 'inspect', '@shiplog/log-syslog', '-f', 'json'])).stdout) as {
        pid: number;
      };
      process.kill(pid, 'SIGKILL');
      await daemon.docker(['exec', 'long', 'touch', '/tmp/go']);
      await daemon.docker(['wait', 'long']);
      await eventually(async () => (await texts()).includes('second'), 'what was printed meanwhile arrives when the container has ended');
    } finally {
      await daemon.destroy();
      await server.stop();
      await home[Symbol.asyncDispose]();
    }
  });
}

test('given a log driver that reads back, when it is to run elsewhere, then the engine does not start, and says why', async () => {
  await using home = await temporaryDirectory();
  await TestDaemon.start({ extra: ['--isolate', '@shiplog/log-file=process'], directory: home.path }).then(
    async (daemon) => {
      await daemon.destroy();
      assert.unreachable('it started');
    },
    (error: unknown) =>
      assert.match(String(error), /plugin @shiplog\/log-file can only run inline: log drivers that read back hand out streams and handles/),
  );
});

test.run();
