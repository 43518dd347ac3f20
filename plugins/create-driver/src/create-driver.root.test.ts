// time limit: 1500 s
import { rejects } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { createDriver } from './create-driver.ts';
import { FAMILIES } from './families.ts';

const test = suite('create-driver');
const KIT = fileURLToPath(import.meta.resolve('@shiplog/conformance/prove/main'));
const TSC = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url));

interface Ran {
  readonly code: number;
  readonly output: string;
}

function run(program: string, args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, timeout: 400_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` });
    });
  });
}

async function outside(work: (parent: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'create-driver-'));
  try {
    await work(parent);
  } finally {
    await rm(parent, { recursive: true });
  }
}

for (const family of Object.keys(FAMILIES)) {
  test(`given a new ${family} driver outside of the repository, when it is checked and proven, then all holds at once`, () =>
    outside(async (parent) => {
      const { directory, files } = await createDriver({ family, name: 'my-driver', language: 'typescript', parent });
      assert.equal(files, ['README.md', 'driver.test.ts', 'driver.ts', 'package.json', 'plugin.ts', 'tsconfig.json']);
      const types = await run(TSC, ['--noEmit'], directory);
      assert.is(types.code, 0, types.output);
      // Real processes die for it: where they do at all moments is beside the runtimes of the shelf.
      const proof = await run(process.execPath, [KIT, '.', '--every', '6'], directory);
      assert.is(proof.code, 0, proof.output);
      // What a source fetches can only be proven with an image that it has.
      assert.match(proof.output, family === 'image-source' ? /\d+ passed, 0 failed, 1 skipped\n/ : /\d+ passed, 0 failed\n/);
      if (family !== 'volume') return;
      // Its own test file says the same by node's runner.
      const own = await run(process.execPath, ['--test'], directory);
      assert.is(own.code, 0, own.output);
    }));
}

/** Changes that break a promise, and the check that finds it out. */
const BROKEN: readonly {
  readonly family: string;
  readonly from: string;
  readonly to: string;
  readonly check: string;
  readonly said: RegExp;
}[] = [
  { family: 'volume', from: 'return { path };', to: 'return { where: path } as never;', check: 'when it is called', said: /\/path/ },
  {
    family: 'cgroup',
    from: '{ pids: MOST, ...limits }',
    to: '{}',
    check: 'given limits, when a cgroup is created, then the kernel has them',
    said: /FAIL/,
  },
  {
    family: 'cgroup',
    from: 'async (args, ctx) => (await host()).remove(args, ctx)',
    to: 'async () => ({})',
    check: 'given create, when its driver is killed at any effect and another one undoes everything, then nothing is left',
    said: /after all was undone/,
  },
  {
    family: 'runtime',
    from: "[...flags, 'delete', '--force', id]",
    to: "[...flags, 'state', id]",
    check: 'given a container, when create, start and remove are repeated',
    said: /FAIL[^]*\/run\/state\//,
  },
];
for (const { family, from, to, check, said } of BROKEN)
  test(`given a ${family} driver with "${to}" in it, when it is proven, then this fails: ${check}`, () =>
    outside(async (parent) => {
      const { directory } = await createDriver({ family, name: 'broken', language: 'typescript', parent });
      const driver = join(directory, 'driver.ts');
      const text = await readFile(driver, 'utf8');
      assert.ok(text.includes(from), text);
      await writeFile(driver, text.replace(from, to));
      const { code, output } = await run(process.execPath, [KIT, '.', '--only', check], directory);
      assert.is(code, 1, output);
      assert.match(output, said);
    }));

test('given a check that there is none of, when it alone is asked for, then that is said, with exit code 2', () =>
  outside(async (parent) => {
    const { directory } = await createDriver({ family: 'projection', name: 'mine', language: 'typescript', parent });
    const { code, output } = await run(process.execPath, [KIT, '.', '--only', 'given the moon'], directory);
    assert.is(code, 2, output);
    assert.match(output, /no check of this plugin's has "given the moon" in its name/);
  }));

test('given a new volume driver in Python, when it is proven, then all holds at once', () =>
  outside(async (parent) => {
    const { directory } = await createDriver({ family: 'volume', name: 'snake', language: 'python', parent });
    const proof = await run(process.execPath, [KIT, '.'], directory);
    assert.is(proof.code, 0, proof.output);
  }));

test('given the templates, when their lines are counted, then a volume driver has at most 60 and a storage driver at most 150', () =>
  outside(async (parent) => {
    for (const [family, most] of [
      ['volume', 60],
      ['storage', 150],
    ] as const) {
      const { directory } = await createDriver({ family, name: family, language: 'typescript', parent });
      let lines = 0;
      for (const file of ['driver.ts', 'plugin.ts']) lines += (await readFile(join(directory, file), 'utf8')).trimEnd().split('\n').length;
      assert.ok(lines <= most, `${family}: ${lines} lines`);
    }
  }));

test('given what cannot be made, when it is asked for, then that is refused, and nothing is written', () =>
  outside(async (parent) => {
    const refused = (driver: { readonly family: string; readonly name: string; readonly language?: string }, words: RegExp) =>
      rejects(
        createDriver({ language: 'typescript', parent, ...driver }),
        (error) => error instanceof ShiplogError && error.code === 'REQUEST_INVALID' && words.test(error.message),
      );
    await refused({ family: 'volume', name: '../up' }, /lower-case/);
    await refused({ family: 'submarine', name: 'mine' }, /there is storage/);
    await refused({ family: 'storage', name: 'mine', language: 'python' }, /wire/);
    await refused({ family: 'volume', name: 'mine', language: 'cobol' }, /python/);
    await createDriver({ family: 'volume', name: 'mine', language: 'typescript', parent });
    await refused({ family: 'volume', name: 'mine' }, /there already/);
  }));

test.run();
