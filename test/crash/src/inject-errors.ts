import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '@shiplog/test-support';
import { examine, type Finding } from './examine.ts';

const WORKLOAD = fileURLToPath(new URL('./workload.script.js', import.meta.url));
/** Events of a run: enough for LevelDB to write tables. */
const EVENTS = 120;
/** File numbers that LevelDB may come to in such a run. */
const FILES = 40;

const CALLS = ['write', 'fdatasync', 'fsync', 'openat', 'rename'] as const;
const ERRORS = ['ENOSPC', 'EIO'] as const;

/** A system call that fails while an engine works: once, or from then on. */
export interface Injection {
  readonly call: (typeof CALLS)[number];
  readonly errno: (typeof ERRORS)[number];
  /** Which call of its thread on a file of the log, from 1. */
  readonly nth: number;
  readonly lasting: boolean;
}

/** `count` injections, over all kinds of calls and errors, at calls ever further on. */
export function injections(count: number): Injection[] {
  const all: Injection[] = [];
  for (let nth = 1; all.length < count; nth += 1 + Math.floor(nth / 12)) {
    for (const call of CALLS) for (const errno of ERRORS) for (const lasting of [true, false]) all.push({ call, errno, nth, lasting });
  }
  return all.slice(0, count);
}

/** `reached` is false when the engine made fewer such calls: then nothing was injected, and nothing is proven. */
export interface Injected {
  readonly injection: Injection;
  readonly reached: boolean;
  readonly finding?: Finding;
}

/** Runs the workload with a failing call, and examines what it left as it is. */
export async function inject(directory: string, injection: Injection): Promise<Injected> {
  const { call, errno, nth, lasting } = injection;
  const [work, trace] = [join(directory, 'work'), join(directory, 'trace')];
  await mkdir(work, { recursive: true });
  const expressions = [`trace=${call}`, `inject=${call}:error=${errno}:when=${nth}${lasting ? '+' : ''}`].flatMap((e) => ['-e', e]);
  const paths = filesOf(join(work, 'log')).flatMap((path) => ['-P', path]);
  // strace counts the calls of each thread by itself: one thread, one count.
  await run('strace', [
    '-f',
    '-qq',
    '-o',
    trace,
    ...expressions,
    ...paths,
    '-E',
    'UV_THREADPOOL_SIZE=1',
    process.execPath,
    WORKLOAD,
    work,
    String(EVENTS),
    join(directory, 'reference'),
  ]);
  const reached = (await readFile(trace, 'utf8')).includes('(INJECTED)');
  const acknowledged = lastLine(await readFile(join(work, 'ack'), 'utf8').catch(() => ''));
  const exists = (await readdir(work)).includes('log');
  const finding = exists ? await examine(work, { acknowledged, recover: true }) : undefined;
  await rm(directory, { recursive: true, force: true });
  return { injection, reached, ...(finding === undefined ? {} : { finding }) };
}

function filesOf(log: string): string[] {
  const numbers = Array.from({ length: FILES }, (_, number) => String(number + 1).padStart(6, '0'));
  const level = ['db', 'snapshots'].flatMap((db) =>
    numbers.flatMap((n) => [`${n}.log`, `${n}.ldb`, `${n}.dbtmp`, `MANIFEST-${n}`].map((name) => join(log, db, name))),
  );
  return [...level, join(log, 'witness'), join(log, 'fresh'), join(log, 'db'), log];
}

function lastLine(text: string): number {
  return Number(text.split('\n').at(-2) ?? -1);
}
