import { type FileResult, runFile } from './run-file.ts';
import { findTestFiles, type TestFile } from './test-file.ts';

export interface RunOptions {
  /** Directory with core, plugins, storage-drivers, network-drivers and test. */
  readonly root: string;
  /** Parts of paths; a file that contains none of them is left out. */
  readonly patterns: readonly string[];
  readonly isRoot: boolean;
  readonly print: (line: string) => void;
  /** Files that run at the same time. */
  readonly width?: number;
  /** What the time limits of files are multiplied with, for machines that are slower than others by that. */
  readonly patience?: number;
  /** Told of each file's process when it runs. */
  readonly started?: (pid: number) => Promise<void>;
}

/** One more than the processors of the smallest machine that is meant: a file waits for others a good part of its time. */
const WIDTH = 3;

/**
 * Runs test files, each in a process of its own, and prints a line for each as it ends, then skips with their reasons, the
 * output of failed files, and at last `N passed, N failed[, N skipped]`. True if all is well and at least one test ran.
 */
export async function runAll(options: RunOptions): Promise<boolean> {
  const { root, print, isRoot, width = WIDTH, patience = 1, started } = options;
  const found = await findTestFiles(root, options.patterns);
  const skipped = found.filter((file) => file.needsRoot && !isRoot);
  const chosen = found.filter((file) => !skipped.includes(file));
  const results: FileResult[] = [];
  const run = async (file: TestFile): Promise<void> => {
    const result = await runFile(root, { ...file, limitMs: file.limitMs * patience }, started);
    results.push(result);
    print(lineOf(result));
  };

  // The longest first: at the end none is left to wait for alone.
  const together = chosen.filter((file) => !file.alone).toSorted((a, b) => b.limitMs - a.limitMs);
  const worker = async (): Promise<void> => {
    for (let file = together.shift(); file !== undefined; file = together.shift()) await run(file);
  };
  await Promise.all(Array.from({ length: width }, worker));
  for (const file of chosen.filter(({ alone }) => alone)) await run(file);

  for (const file of skipped) print(`SKIP ${file.path}: needs root`);
  for (const { file, summary } of results) for (const reason of summary.reasons) print(`SKIP ${file.path}: ${reason}`);
  for (const result of results) {
    if (result.failure !== undefined) print(`\n──── ${result.file.path}: ${result.failure}\n${result.output.trimEnd()}`);
  }
  const sum = (count: (result: FileResult) => number): number => results.reduce((all, result) => all + count(result), 0);
  const passed = sum(({ summary }) => summary.passed);
  let failed = sum((result) => result.failed);
  if (results.length === 0 || passed + failed === 0) {
    print('no tests ran; build first, or give another pattern');
    failed += 1;
  }
  const skips = sum(({ summary }) => summary.skipped) + skipped.length;
  print(`\n${passed} passed, ${failed} failed${skips === 0 ? '' : `, ${skips} skipped`}`);
  return failed === 0;
}

function lineOf({ file, summary, failed, failure, ms }: FileResult): string {
  const skips = summary.skipped === 0 ? '' : `, ${summary.skipped} skipped`;
  const counts =
    failure === undefined ? `${summary.passed} passed${skips}` : `${failed} FAILED, ${summary.passed} passed${skips}: ${failure}`;
  return `${failure === undefined ? 'ok  ' : 'FAIL'} ${file.path}  ${counts}  ${ms} ms`;
}
