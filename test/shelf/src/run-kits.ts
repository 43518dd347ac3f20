import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileResult, findTestFiles, type Report, REPORTS, runFile, temporaryDirectory } from '@shiplog/test-support';

/** A test file that did not end well. */
export interface FailedFile {
  readonly path: string;
  readonly failure: string;
  readonly output: string;
}

/**
 * Runs every built test file below `root` that reports, one after the other, and answers what they reported. A file that fails
 * for another reason than a check of a kit is told as well.
 */
export async function runKits(
  root: string,
  patterns: readonly string[],
  progress: (done: number, total: number, result?: FileResult) => void,
): Promise<{ readonly reports: readonly Report[]; readonly failed: readonly FailedFile[] }> {
  const files = [];
  for (const file of await findTestFiles(root, patterns)) if (await reports(join(root, file.path))) files.push(file);
  await using directory = await temporaryDirectory('shiplog-kits-');
  const reportFile = join(directory.path, 'reports');
  const failed: FailedFile[] = [];
  progress(0, files.length);
  process.env[REPORTS] = reportFile;
  try {
    for (const [index, file] of files.entries()) {
      const result = await runFile(root, file);
      if (result.failure !== undefined) failed.push({ path: file.path, failure: result.failure, output: result.output });
      progress(index + 1, files.length, result);
    }
  } finally {
    delete process.env[REPORTS];
  }
  const text = await readFile(reportFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });
  return {
    reports: text
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Report),
    failed,
  };
}

/** It reports, or proves that checks can fail, which does. */
async function reports(path: string): Promise<boolean> {
  return /\b(reported\(|report\(\{|checksCanFail\b)/.test(await readFile(path, 'utf8'));
}
