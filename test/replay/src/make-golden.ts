// node test/replay/dist/make-golden.js RELEASE: makes the golden log of a release, and a pruned copy; never again for one that is there.
// node test/replay/dist/make-golden.js --hashes: makes the hashes of all of them anew, after the shape of the state has changed.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fold, readSource } from '@shiplog/replay';
import { canonicalJson } from '@shiplog/event-log';
import { type Expected, GOLDEN, goldenLogs } from './golden.ts';
import { life } from './life.ts';
import { pruneLog, writeLog } from './write-log.ts';

const [what] = process.argv.slice(2);
if (what === undefined) throw new Error('which release? or --hashes');
if (what === '--hashes') {
  for (const { release, log, expected } of await goldenLogs())
    await write(release, { ...expected, hashes: await hashes(log, expected.events) });
} else {
  const events = await life();
  const directory = join(GOLDEN, what);
  await mkdir(directory, { recursive: false });
  const log = join(directory, 'events.jsonl.gz');
  await writeFile(log, gzipSync(events.map((event) => `${canonicalJson(event)}\n`).join(''), { level: 9 }));
  const first = await prunedCopy(log, join(directory, 'pruned'), events.length / 2);
  await write(what, { events: events.length, hashes: await hashes(log, events.length), first, differences: [] });
}

/** Answers with its first position. */
async function prunedCopy(log: string, directory: string, before: number): Promise<number> {
  await writeLog(log, directory);
  const first = await pruneLog(directory, Math.floor(before));
  for (const own of ['db/LOG', 'db/LOG.old', 'db/LOCK', 'snapshots']) await rm(join(directory, own), { recursive: true, force: true });
  return first;
}

/** At every tenth of the log. */
async function hashes(log: string, events: number): Promise<Expected['hashes']> {
  const found: Record<string, string> = {};
  for (let tenth = 1; tenth <= 10; tenth += 1) {
    const seq = Math.floor((events * tenth) / 10) - 1;
    found[seq] = (await fold(readSource(log), { seq })).hash;
  }
  return found;
}

async function write(release: string, expected: Expected): Promise<void> {
  await writeFile(join(GOLDEN, release, 'expected.json'), `${JSON.stringify(expected, null, 2)}\n`);
}
