// time limit: 240 s
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crashEverywhere, failCalls, type LabReport } from './crash-lab.ts';
import { memoryDirectory } from './memory-directory.ts';
import { total } from './report.ts';

const NOTHING_WRONG = { lost: 0, gap: 0, contradicted: 0, unopened: 0, 'not recovered': 0 };

const test = suite('crashes everywhere');

/** `npm run crash` does the same with a large workload and every state. */
async function smallLab(options: { readonly fault?: 'unsynced' | 'early'; readonly most: number }): Promise<LabReport> {
  await using memory = await memoryDirectory();
  return await crashEverywhere({ directory: memory.path, events: 200, processes: 2, recoverEvery: 4, ...options });
}

test('given a workload, when it is killed or loses power at its operations on files, then nothing acknowledged is lost and the engine recovers', async () => {
  const report = await smallLab({ most: 240 });
  assert.ok(report.events >= 200);
  const all = total(report.rows);
  assert.ok(all.points > 500, `${all.points} crashes`);
  assert.ok(all.recovered > 30, `${all.recovered} recoveries`);
  assert.equal(all.faults, NOTHING_WRONG, JSON.stringify(report.failures[0]));
});

test('given a log that syncs nine of ten writes, when it loses power, then the loss is seen', async () => {
  const { rows } = await smallLab({ fault: 'unsynced', most: 240 });
  assert.ok(total(rows).faults.lost > 0);
  assert.is(rows.find(({ kind }) => kind === 'kill')?.faults.lost, 0, 'the kernel still has what was written');
});

test('given a log that acknowledges before it writes, when it is killed, then the loss is seen', async () => {
  const { rows } = await smallLab({ fault: 'early', most: 240 });
  assert.ok((rows.find(({ kind }) => kind === 'kill')?.faults.lost ?? 0) > 0);
});

test('given a disk that is full or fails, when a call on the log fails, then what was acknowledged is there afterwards', async () => {
  await using memory = await memoryDirectory();
  const { rows, failures } = await failCalls({ directory: join(memory.path, 'errors'), count: 24, processes: 2 });
  const all = total(rows);
  assert.ok(all.points >= 8, `${all.points} calls failed`);
  assert.equal(all.faults, NOTHING_WRONG, JSON.stringify(failures[0]));
});

test.run();
