import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeDaemon } from '../fake-daemon.test.double.ts';
import { runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('events');

const EVENT = {
  v: 1,
  seq: 41,
  id: 'e',
  stream: 'engine',
  rev: 0,
  type: 'engine.started',
  sv: 1,
  kind: 'meta',
  op: 'o',
  corr: 'o',
  t: '1769860800000000000',
  mono: '0',
  boot: 'b',
  inst: 'i',
  actor: { scheme: 'system', reason: 'start' },
  data: {},
};

for (const [follow, hint] of [
  [['--follow'], '--from 42'],
  [[], 'shiplog version'],
] as const) {
  test(`given an engine that goes away, when events are ${follow.length > 0 ? 'followed' : 'read'}, then it is said, and what to do`, async () => {
    await FakeDaemon.run(async (daemon) => {
      daemon.answers.set('GET /shiplog/v1/events', async function* () {
        yield `${JSON.stringify(EVENT)}\n`;
        await new Promise(() => undefined);
      });
      const argv = ['events', '--from', '40', ...follow];
      const { code, stdout, stderr } = await runShiplog(argv, { host: daemon.host, onOutput: () => daemon.hangUp() });
      assert.is(code, 1);
      assert.match(stdout, 'engine.started');
      assert.match(stderr, 'the engine went away in the middle of its answer');
      assert.match(stderr, hint);
    });
  });
}

test('given an event and an error with what a terminal obeys, when they are shown, then on one line, as what was sent', async () => {
  await FakeDaemon.run(async (daemon) => {
    const result = { status: 'failed', ms: 1, error: { code: 'VOLUME_NOT_FOUND', message: 'no\u001b[2K\n#99 volume' } };
    daemon.answers.set('GET /shiplog/v1/events', async function* () {
      yield `${JSON.stringify({ ...EVENT, stream: 'volume/\u001b[2J', result })}\n`;
    });
    const { stdout } = await runShiplog(['events', '--from', '40'], { host: daemon.host });
    assert.match(stdout, String.raw`volume/\u001b[2J failed VOLUME_NOT_FOUND: no\u001b[2K\u000a#99 volume`);
    assert.is(stdout.trimEnd().split('\n').length, 1);
    const { stderr } = await runShiplog(['volume', 'rm', 'a\u001b[2J'], { host: daemon.host });
    assert.not.match(stderr, '\u001b');
  });
});

test.run();
