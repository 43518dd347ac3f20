import { spawn } from 'node:child_process';
import { parseSummary, type Summary } from './summary.ts';
import type { TestFile } from './test-file.ts';

/** How a file's run ended. `failure` is absent if all its tests passed. */
export interface FileResult {
  readonly file: TestFile;
  readonly summary: Summary;
  /** Failed tests, at least one if there is a `failure`. */
  readonly failed: number;
  readonly failure?: string;
  readonly ms: number;
  readonly output: string;
}

/** Time for a file that has ended to let go of its output; a grandchild that keeps the pipe open is killed then. */
const DRAIN_MS = 2000;

const NOTHING: Summary = { total: 0, passed: 0, skipped: 0, late: 0, reasons: [] };

/** Runs one test file in a process group of its own, and kills what is left of the group when it ends or its time is over. */
export async function runFile(
  root: string,
  file: TestFile,
  started: (pid: number) => Promise<void> = () => Promise.resolve(),
): Promise<FileResult> {
  const start = performance.now();
  const child = spawn(process.execPath, ['--enable-source-maps', file.path], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  let timedOut = false;
  const killGroup = (): void => endGroup(child.pid);
  const limit = setTimeout(() => {
    timedOut = true;
    killGroup();
  }, file.limitMs);
  const told = child.pid === undefined ? undefined : started(child.pid);
  const end = await new Promise<string>((resolve) => {
    let drain: NodeJS.Timeout | undefined;
    child.on('error', (error) => resolve(error.message));
    child.on('exit', () => {
      drain = setTimeout(killGroup, DRAIN_MS);
    });
    child.on('close', (code, signal) => {
      clearTimeout(drain);
      resolve(signal === null ? `exit code ${code}` : `killed by ${signal}`);
    });
  });
  clearTimeout(limit);
  killGroup();
  await told;
  const output = Buffer.concat(chunks).toString('utf8');
  const summary = parseSummary(output);
  const failure = timedOut ? `took longer than ${file.limitMs / 1000} s and was killed` : judge(end, summary);
  const missing = (summary?.total ?? 0) - (summary?.passed ?? 0) - (summary?.late ?? 0);
  return {
    file,
    summary: summary ?? NOTHING,
    failed: failure === undefined ? 0 : Math.max(1, missing),
    ...(failure === undefined ? {} : { failure }),
    ms: Math.round(performance.now() - start),
    output,
  };
}

function judge(end: string, summary: Summary | undefined): string | undefined {
  if (summary === undefined) return `ran no tests (${end})`;
  if (end !== 'exit code 0') return end;
  if (summary.total + summary.skipped === 0) return 'ran no tests';
  // uvu ends quietly when a hook after a failed test fails as well.
  const unfinished = summary.total - summary.passed - summary.late;
  if (unfinished > 0) return `${unfinished} tests did not end`;
  return undefined;
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nobody of the group is left: as it should be.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
