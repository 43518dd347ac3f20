/** What a test file printed about its tests. */
export interface Summary {
  readonly total: number;
  readonly passed: number;
  readonly skipped: number;
  /** Skipped tests that are also part of `total`: those that printed `SKIP` and returned. */
  readonly late: number;
  /** Texts of the `SKIP <reason>` lines. */
  readonly reasons: readonly string[];
}

// Terminal colours, in case the runner's environment did not turn them off.
const COLOUR = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*m`, 'g');

/**
 * Reads uvu's summary (`Total:`, `Passed:`, `Skipped:`) out of a file's output, or, where it ends with it, that of a whole run of this
 * runner; undefined if the file printed none.
 */
export function parseSummary(output: string): Summary | undefined {
  const plain = output.replace(COLOUR, '');
  return summaryOfRun(plain) ?? summaryOfFile(plain);
}

/** A file may let the runner run elsewhere, as in a guest: each of the tests there counts here. */
function summaryOfRun(plain: string): Summary | undefined {
  const counts = /(?:^|\n)(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\n*$/.exec(plain);
  if (counts === null) return undefined;
  const [passed = 0, failed = 0, skipped = 0] = counts.slice(1).map((count) => Number(count ?? 0));
  // The output of failed files comes after the list of skips, and may have the same lines.
  const list = plain.slice(0, /^──── /m.exec(plain)?.index);
  const reasons = [...list.matchAll(/^SKIP (.+)$/gm)].map((line) => (line[1] ?? '').trim());
  return { total: passed + failed, passed, skipped, late: 0, reasons };
}

function summaryOfFile(plain: string): Summary | undefined {
  const found = [...plain.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)];
  if (found.length === 0) return undefined;
  const sum = (group: number): number => found.reduce((all, match) => all + Number(match[group]), 0);
  const skips = [...plain.matchAll(/(^|[•✘ ] )SKIP (.+)$/gm)];
  // A line of its own was printed before the tests ran and explains a `test.skip`. One behind the name of the suite or the
  // dot of the test before comes from a test that found that it cannot run, and returned: uvu counts that as passed.
  const late = skips.filter((line) => line[1] !== '').length;
  const reasons = skips.map((line) => (line[2] ?? '').trim());
  const passed = Math.max(0, sum(2) - late);
  return { total: sum(1), passed, skipped: sum(3) + late, late, reasons };
}
