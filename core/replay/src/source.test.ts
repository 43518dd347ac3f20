import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { openLevelLog } from '@shiplog/event-log';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ShiplogEvent } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import { syntheticLog } from '@shiplog/model/testing';
import { fold } from './fold.ts';
import { eventsOf, inOrder } from './replayable.ts';
import { readSource } from './source.ts';

const test = suite('sources of a replay');

async function* of(list: readonly ShiplogEvent[]): AsyncGenerator<ShiplogEvent> {
  yield* list;
}

test('given one log as a root, a log directory and exports plain, gzip and zstd, when folded at any point, then the hash is one', async () => {
  await using temporary = await temporaryDirectory();
  const root = join(temporary.path, 'root');
  const log = await openLevelLog({ directory: join(root, 'log'), boot: 'boot-1', inst: 'inst-1' });
  for (const { request } of syntheticLog(5000, { containers: 30 })) log.append(request);
  await log.flushed();
  const events: ShiplogEvent[] = [];
  for await (const event of log.read()) events.push(event);
  const open = await codeOf(fold(readSource(root)));
  assert.ok(open === 'ENGINE_LOCKED' || process.platform !== 'linux', open);
  await log.close();
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const [plain, gz, zst] = [join(temporary.path, 'plain'), join(temporary.path, 'gz'), join(temporary.path, 'zst')];
  const paths = [root, join(root, 'log'), plain, gz, zst];
  await writeFile(plain, text);
  await writeFile(gz, gzipSync(text));
  await writeFile(zst, zstdCompressSync(text));
  for (const at of [undefined, { seq: 0 }, { seq: 1234 }, { seq: events.length - 1 }, { time: events[2000]?.t ?? '' }]) {
    const expected = await fold(of(events), at);
    for (const path of paths) assert.equal({ ...(await fold(readSource(path), at)), state: 0 }, { ...expected, state: 0 }, path);
  }
  assert.is((await fold(of(events), { seq: -1 })).seq, -1);
  assert.is(await codeOf(fold(readSource(root), { seq: events.length })), 'LOG_POSITION_UNKNOWN');
  // It was read from a copy: it opens as it did, and goes on.
  const again = await openLevelLog({ directory: join(root, 'log'), boot: 'boot-1', inst: 'inst-2' });
  assert.is(again.durableSeq, events.length - 1);
  await again.close();
});

test('given what is no log, when read, then it is refused with what is wrong', async () => {
  await using temporary = await temporaryDirectory();
  const file = join(temporary.path, 'export');
  const read = async (text: string): Promise<string> => {
    await writeFile(file, text);
    return codeOf(fold(readSource(file)));
  };
  assert.is(await read('hello\n'), 'REQUEST_INVALID');
  assert.is(await read('{"seq":0}\n'), 'REQUEST_INVALID');
  assert.is(await read('{"v":2,"seq":0,"type":"engine.started"}\n'), 'LOG_TOO_NEW');
  assert.is(await read('{"v":1,"seq":4,"t":"1","mono":"1","type":"engine.started"}\n'), 'LOG_CORRUPT');
  assert.is(await read('{"v":1,"seq":0,"mono":"1","type":"engine.started"}\n'), 'REQUEST_INVALID');
  assert.is(await read('{"v":1,"seq":0,"t":"soon","mono":"1","type":"engine.started"}\n'), 'REQUEST_INVALID');
  assert.is(await codeOf(fold(readSource(temporary.path))), 'REQUEST_INVALID');
  assert.is(await codeOf(fold(readSource(join(temporary.path, 'none')))), 'PATH_NOT_FOUND');
});

test('given a log with a hole, when read in order, then it stops there and names it', async () => {
  const events = [...syntheticLog(100, { containers: 3 })].flatMap((append) => append.events);
  const seen: number[] = [];
  const read = async (): Promise<void> => {
    for await (const { seq } of eventsOf(inOrder(of(events.toSpliced(20, 3))))) seen.push(seq);
  };
  assert.is(await codeOf(read()), 'LOG_CORRUPT');
  assert.is(seen.at(-1), 19);
});

test.run();
