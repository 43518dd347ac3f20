// time limit: 240 s
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
    execFile(program, args, { cwd, timeout: 200_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` });
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
      const proof = await run(process.execPath, [KIT, '.'], directory);
      assert.is(proof.code, 0, proof.output);
      // What a source fetches can only be proven with an image that it has.
      assert.match(proof.output, family === 'image-source' ? /\d+ passed, 0 failed, 1 skipped\n/ : /\d+ passed, 0 failed\n/);
      if (family !== 'volume') return;
      // Its own test file says the same by node's runner; and a broken promise is caught.
      const own = await run(process.execPath, ['--test'], directory);
      assert.is(own.code, 0, own.output);
      const driver = join(directory, 'driver.ts');
      await writeFile(driver, (await readFile(driver, 'utf8')).replace('return { path };', 'return { where: path } as never;'));
      const broken = await run(process.execPath, [KIT, '.'], directory);
      assert.is(broken.code, 1, broken.output);
      assert.match(broken.output, '/path');
    }));
}

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
    await refused({ family: 'runtime', name: 'mine' }, /runtime-sim/);
    await refused({ family: 'storage', name: 'mine', language: 'python' }, /wire/);
    await refused({ family: 'volume', name: 'mine', language: 'cobol' }, /python/);
    await createDriver({ family: 'volume', name: 'mine', language: 'typescript', parent });
    await refused({ family: 'volume', name: 'mine' }, /there already/);
  }));

test.run();
