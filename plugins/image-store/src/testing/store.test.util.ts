import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type ErrorCode, type IngestedImage, ShiplogError } from '@shiplog/contracts';
import { createRecordingKernel } from '@shiplog/driver-kit/testing';
import { sha256Of } from '@shiplog/oci';
import { LocalImageStore } from '../index.ts';

/** A suite whose tests have an empty store each. */
export function storeSuite(name: string) {
  const test = suite<{ stateDir: string; store: LocalImageStore }>(name);
  test.before.each(async (context) => {
    context.stateDir = await mkdtemp(join(tmpdir(), 'images-'));
    context.store = new LocalImageStore(
      { engineId: '0123456789ab', stateDir: context.stateDir, runDir: context.stateDir },
      createRecordingKernel(),
    );
  });
  test.after.each(async (context) => {
    await rm(context.stateDir, { recursive: true, force: true });
  });
  return test;
}

export const context = (signal: AbortSignal = new AbortController().signal) => createContext({ op: 'op1', signal });

export async function codeOf(work: Promise<unknown>): Promise<ErrorCode> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ShiplogError) return error.code;
    throw error;
  }
  throw new Error('it succeeded');
}

/** Nothing of a failed load may stay. */
export async function assertEmpty(stateDir: string, store: LocalImageStore): Promise<void> {
  assert.equal(await store.observe(), []);
  assert.equal(await readdir(join(stateDir, 'ingest')), []);
}

export async function assertStored(store: LocalImageStore, images: readonly IngestedImage[]): Promise<void> {
  for (const { manifest } of images) {
    for (const digest of [manifest.id, ...manifest.layers.map((layer) => layer.digest)]) {
      assert.is(sha256Of(await readFile(await store.path(digest))), digest);
    }
  }
}
