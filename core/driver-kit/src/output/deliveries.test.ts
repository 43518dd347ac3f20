import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRecordingKernel } from '../testing/index.ts';
import { Deliveries } from './deliveries.ts';

const test = suite('deliveries');
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

test('given one that is being closed, when it is opened again meanwhile, then who closes still waits for what was there', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'deliveries-'));
  try {
    const spool = join(directory, 'spool.log');
    await writeFile(spool, '2026-01-02T03:04:05.678901234+00:00 stdout F text\n');
    const sent: string[] = [];
    const begun = Promise.withResolvers<void>();
    const there = Promise.withResolvers<void>();
    const destination = {
      async connect() {
        begun.resolve();
        await there.promise;
        return {
          write: async (records: readonly { readonly data: Uint8Array }[]) =>
            void sent.push(...records.map(({ data }) => Buffer.from(data).toString())),
          close: async () => undefined,
        };
      },
    };
    const subject = { id: 'c', name: 'c', imageId: '', imageName: '', command: [], createdAt: '0', labels: {}, env: {} };
    const args = { id: 'c', spool, path: join(directory, 'log'), options: {}, subject };
    const deliveries = new Deliveries(createRecordingKernel(), silent);
    await deliveries.open(args, destination);
    await begun.promise;
    const closed = deliveries.close('c', new AbortController().signal).then(() => [...sent]);
    await deliveries.open(args, destination);
    there.resolve();
    assert.equal(await closed, ['text\n']);
    await deliveries.dispose();
  } finally {
    await rm(directory, { recursive: true });
  }
});

test.run();
