import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CrashPoint } from './crash-point.ts';
import type { Finding } from './examine.ts';

const EXAMINER = fileURLToPath(new URL('./examiner.script.js', import.meta.url));

export interface Examined {
  readonly point: CrashPoint;
  readonly recovered: boolean;
  readonly finding?: Finding;
}

export interface ExamineOptions {
  /** Of a traced workload, with `trace` and `reference`. */
  readonly directory: string;
  readonly points: readonly CrashPoint[];
  readonly processes: number;
  /** An engine is started on every so-manieth state. */
  readonly recoverEvery: number;
  /** Where states that fail are kept. */
  readonly keep?: string;
  readonly progress?: (examined: number) => void;
}

/** Examines every point, in several processes. Throws if one of them does not come to its end. */
export async function examineAll({ directory, points, processes, recoverEvery, keep = '', progress }: ExamineOptions): Promise<Examined[]> {
  const all: Examined[] = [];
  const share = async (index: number): Promise<void> => {
    const mine = points.filter((_, number) => number % processes === index);
    const child = fork(EXAMINER, [directory, String(recoverEvery), keep], { stdio: ['pipe', 'inherit', 'pipe', 'ipc'] });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('message', (message) => {
      all.push(message as Examined);
      progress?.(all.length);
    });
    child.stdin?.end(JSON.stringify(mine));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`an examiner ended with ${code}: ${stderr}`);
  };
  await Promise.all(Array.from({ length: processes }, (_, index) => share(index)));
  if (all.length !== points.length) throw new Error(`${all.length} of ${points.length} states were examined`);
  return all;
}
