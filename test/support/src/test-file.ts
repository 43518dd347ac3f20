import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A built test file and what its source says about how to run it. */
export interface TestFile {
  /** Relative to the root, such as `core/event-log/dist/tree.test.js`. */
  readonly path: string;
  readonly limitMs: number;
  readonly alone: boolean;
  readonly needsRoot: boolean;
}

const DEFAULT_LIMIT_MS = 150_000;
/** Only the top of a file is searched for instructions. */
const TOP_LINES = 40;

/**
 * All built test files under `root`, by name, that contain one of `patterns` in their path (all, if there are none).
 * Instructions stand in comments near the top: `// time limit: 240 s`, `// runs alone`.
 */
export async function findTestFiles(root: string, patterns: readonly string[]): Promise<readonly TestFile[]> {
  const paths: string[] = [];
  for await (const path of glob('{core,plugins,storage-drivers,network-drivers,test}/*/dist/**/*.test.js', { cwd: root })) {
    if (patterns.length === 0 || patterns.some((pattern) => path.includes(pattern))) paths.push(path);
  }
  return Promise.all(paths.toSorted().map((path) => describeFile(root, path)));
}

async function describeFile(root: string, path: string): Promise<TestFile> {
  const top = (await readSource(root, path)).split('\n', TOP_LINES).join('\n');
  const limit = /^\s*\/\/ time limit: (\d+) s\b/m.exec(top)?.[1];
  return {
    path,
    limitMs: limit === undefined ? DEFAULT_LIMIT_MS : Number(limit) * 1000,
    alone: /^\s*\/\/ runs alone\b/m.test(top),
    needsRoot: path.endsWith('.root.test.js'),
  };
}

/** The TypeScript source, because the compiler drops comments above imports of types; the built file if there is none. */
async function readSource(root: string, path: string): Promise<string> {
  const source = path.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
  try {
    return await readFile(join(root, source), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return readFile(join(root, path), 'utf8');
  }
}
