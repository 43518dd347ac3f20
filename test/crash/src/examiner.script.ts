// Examines a share of the crash points of a trace: `DIR SHARE OF RECOVER-EVERY KEEP`, points as JSON on standard input. Sends an answer for each.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { json } from 'node:stream/consumers';
import { type CrashPoint, statesAt } from './crash-point.ts';
import { examine } from './examine.ts';
import type { DiskState } from './simulated-disk.ts';
import { readTrace } from './read-trace.ts';

const [directory = '', recoverEvery = '1', keep = ''] = process.argv.slice(2);
const points = (await json(process.stdin)) as CrashPoint[];
const work = join(directory, 'work');
const scratch = join(directory, `scratch-${process.pid}`);

async function materialize(state: DiskState): Promise<void> {
  await rm(scratch, { recursive: true, force: true });
  await mkdir(join(scratch, 'log'), { recursive: true });
  for (const path of state.directories) await mkdir(join(scratch, relative(work, path)), { recursive: true });
  for (const { path, bytes } of state.files) await writeFile(join(scratch, relative(work, path)), bytes);
}

const operations = await readTrace(join(directory, 'trace'), work);
const reference = (await readFile(join(directory, 'reference'), 'utf8')).split('\n').slice(0, -1);
let number = 0;
for (const { point, state } of statesAt(operations, join(work, 'ack'), points)) {
  await materialize(state);
  number += 1;
  const recover = number % Number(recoverEvery) === 0;
  const finding = await examine(scratch, { acknowledged: point.acknowledged, reference, recover });
  if (finding !== undefined && keep !== '') {
    // Opened once already; what the crash itself left is what one wants to see.
    await materialize(state);
    await cp(scratch, join(keep, `${point.kind.replace(' ', '-')}-${point.after}`), { recursive: true });
  }
  process.send?.({ point, recovered: recover, ...(finding === undefined ? {} : { finding }) });
}
await rm(scratch, { recursive: true, force: true });
process.disconnect?.();
