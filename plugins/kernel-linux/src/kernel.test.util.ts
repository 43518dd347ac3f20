import { access, lstat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type uvu } from 'uvu';
import * as assert from 'uvu/assert';
import { apart } from '@shiplog/conformance/network';
import { ShiplogError } from '@shiplog/contracts';
import { createKernel } from './index.ts';

/** The real one. */
export const kernel = createKernel();

interface Context {
  directory: string;
}

/** Runs a file's tests of the kernel itself in namespaces of their own, each test with a directory that goes with all that is mounted in it. */
export async function kernelTests(file: string, name: string, define: (test: uvu.Test<Context>) => void): Promise<void> {
  if (!(await apart(file))) return;
  const test = suite<Context>(`kernel-linux: ${name}`);
  test.before.each(async (context) => {
    context.directory = await mkdtemp(join(tmpdir(), 'shiplog-kernel-'));
  });
  test.after.each(async ({ directory }) => {
    for (const target of (await mountsUnder(directory)).toReversed()) await kernel.mounts.unmount(target, { lazy: true });
    await rm(directory, { recursive: true, force: true });
  });
  define(test);
  test.run();
}

export async function rejects(work: Promise<unknown>, code: string, errno?: string): Promise<ShiplogError> {
  const error: unknown = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof ShiplogError)) throw new Error(`expected ${code}, got ${String(error)}`);
  assert.is(error.code, code, error.message);
  if (errno !== undefined) assert.is(error.facts['errno'], errno, error.message);
  return error;
}

export async function mountsUnder(directory: string): Promise<readonly string[]> {
  return (await kernel.mounts.list()).map(({ target }) => target).filter((target) => target.startsWith(directory));
}

export async function networkOf(path: string): Promise<string> {
  return String((await lstat(path)).ino);
}

export async function textOf(pipe: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  let text = '';
  for await (const bytes of pipe ?? []) text += Buffer.from(bytes).toString();
  return text;
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
