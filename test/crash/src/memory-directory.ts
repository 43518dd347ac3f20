import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Memory as a file system (tmpfs(5)). Syncs cost nothing there, and what a crash leaves is simulated anyway. */
const SHARED_MEMORY = '/dev/shm';

/** An empty directory, in memory where the host has a file system for that. Disposing removes it with all it holds. */
export async function memoryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const usable = await access(SHARED_MEMORY, constants.W_OK).then(
    () => true,
    () => false,
  );
  const path = await mkdtemp(join(usable ? SHARED_MEMORY : tmpdir(), 'shiplog-crash-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
