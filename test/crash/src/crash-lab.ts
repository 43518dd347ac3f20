import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crashPoints, KINDS } from './crash-point.ts';
import { type Examined, examineAll } from './examine-all.ts';
import { inject, type Injected, injections } from './inject-errors.ts';
import { faultCounts, type Row } from './report.ts';
import { traceWorkload, type WorkloadOptions } from './run-workload.ts';

export interface LabOptions extends WorkloadOptions {
  readonly processes: number;
  /** An engine is started on every so-manieth state that a crash left. */
  readonly recoverEvery: number;
  /** At most so many states, spread evenly over the workload; absent: all. */
  readonly most?: number;
  readonly keep?: string;
  readonly progress?: (done: number, total: number) => void;
}

/** What one experiment found. `events`: appended by the workload. */
export interface LabReport {
  readonly events: number;
  readonly rows: readonly Row[];
  readonly failures: readonly Examined[];
}

/** Crashes a workload at every operation on its files, in every way, and examines what is left. */
export async function crashEverywhere(options: LabOptions): Promise<LabReport> {
  const { directory, progress, most } = options;
  const operations = await traceWorkload(options);
  const events = (await readFile(join(directory, 'reference'), 'utf8')).split('\n').length - 1;
  const all = crashPoints(operations, join(directory, 'work', 'ack'));
  const points = most === undefined || all.length <= most ? all : all.filter((_, index) => (index * most) % all.length < most);
  const examined = await examineAll({ ...options, points, progress: (done) => progress?.(done, points.length) });
  const rows = KINDS.map((kind): Row => {
    const of = examined.filter(({ point }) => point.kind === kind);
    return {
      kind,
      points: of.reduce((sum, { point }) => sum + point.crashes, 0),
      states: of.length,
      recovered: of.filter(({ recovered }) => recovered).length,
      faults: faultCounts((column) => of.filter(({ finding }) => finding?.fault === column).length),
    };
  });
  return { events, rows, failures: examined.filter(({ finding }) => finding !== undefined) };
}

export interface InjectOptions {
  readonly directory: string;
  readonly count: number;
  readonly processes: number;
  readonly progress?: (done: number, total: number) => void;
}

/** Lets system calls of an engine fail, one kind at a time, and examines what is left. Runs that made too few calls count as none. */
export async function failCalls({
  directory,
  count,
  processes,
  progress,
}: InjectOptions): Promise<{ readonly rows: readonly Row[]; readonly failures: readonly Injected[] }> {
  const waiting = injections(count).entries();
  const done: Injected[] = [];
  const work = async (): Promise<void> => {
    for (const [number, injection] of waiting) {
      done.push(await inject(join(directory, `inject-${number}`), injection));
      progress?.(done.length, count);
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  const reached = done.filter((one) => one.reached);
  const rows = ['ENOSPC', 'EIO'].map((errno): Row => {
    const of = reached.filter(({ injection }) => injection.errno === errno);
    return {
      kind: errno,
      points: of.length,
      states: of.length,
      recovered: of.length,
      faults: faultCounts((column) => of.filter(({ finding }) => finding?.fault === column).length),
    };
  });
  return { rows, failures: reached.filter(({ finding }) => finding !== undefined) };
}
