import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRecordingKernel } from '../testing/index.ts';
import { Delivery } from './delivery.ts';

const test = suite('delivery to a destination that is away');
const LINE = '2026-01-02T03:04:05.678901234+00:00 stdout F text\n';
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A delivery that has failed to connect once, of a spool with some lines. */
async function failing(
  text: string,
  work: (delivery: Delivery, connect: (works: boolean) => void, sent: string[]) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'delivery-'));
  try {
    const spool = join(directory, 'spool.log');
    await writeFile(spool, text);
    const tried = Promise.withResolvers<void>();
    const sent: string[] = [];
    let works = false;
    const delivery = new Delivery({
      spool,
      cursor: join(directory, 'cursor.json'),
      kernel: createRecordingKernel(),
      logger: silent,
      async connect() {
        tried.resolve();
        if (!works) throw new Error('nobody is there');
        return {
          write: async (records) => void sent.push(...records.map(({ data }) => Buffer.from(data).toString())),
          close: async () => undefined,
        };
      },
    });
    await tried.promise;
    await work(delivery, (now) => (works = now), sent);
    await delivery.close(AbortSignal.abort());
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('given nothing to send, when it is closed, then it ends', () =>
  failing('', async (delivery) => {
    const late = AbortSignal.timeout(20_000);
    assert.is(await delivery.close(late), true);
    assert.not.ok(late.aborted);
  }));

test('given something to send, when it is closed, then it waits for the destination, and sends it', () =>
  failing(LINE, async (delivery, connect, sent) => {
    const closed = delivery.close(new AbortController().signal);
    connect(true);
    assert.is(await closed, true);
    assert.equal(sent, ['text\n']);
  }));

test('given something to send, when waiting is given up, then it ends and the rest stays', () =>
  failing(LINE, async (delivery, _, sent) => {
    assert.is(await delivery.close(AbortSignal.timeout(50)), true);
    assert.equal(sent, []);
  }));

test.run();
