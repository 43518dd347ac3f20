import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '@shiplog/test-support';
import type { Operation } from './operation.ts';
import { readTrace, TRACED } from './read-trace.ts';

const WORKLOAD = fileURLToPath(new URL('./workload.script.js', import.meta.url));

/** Bytes of a string that strace keeps: more than any write of a log. */
const LONGEST = 16 * 1024 * 1024;

export interface WorkloadOptions {
  /** Gets `work` (log and acknowledgements), `trace`, and `reference` (the text of each event, a line each); made if missing. */
  readonly directory: string;
  /** Events, at least. */
  readonly events: number;
  /** Breaks a promise on purpose; see workload.script.ts. */
  readonly fault?: 'unsynced' | 'early';
}

/** Runs the workload to its end and answers with all it did to its directory. */
export async function traceWorkload({ directory, events, fault }: WorkloadOptions): Promise<Operation[]> {
  const [work, trace] = [join(directory, 'work'), join(directory, 'trace')];
  await mkdir(work, { recursive: true });
  const workload = [
    process.execPath,
    WORKLOAD,
    work,
    String(events),
    join(directory, 'reference'),
    ...(fault === undefined ? [] : [fault]),
  ];
  const options = ['-f', '-y', '-xx', '-qq', '-s', String(LONGEST), '-o', trace, '-e', `trace=${TRACED}`];
  const { code, stderr } = await run('strace', [...options, ...workload], { timeoutMs: 300_000 });
  if (code !== 0) throw new Error(`the workload ended with ${code}: ${stderr}`);
  return readTrace(trace, work);
}
