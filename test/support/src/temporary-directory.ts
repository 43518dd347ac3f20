import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty directory of a test's own. `cleanup` removes it with all it holds; repeating it is harmless. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
  cleanup(): Promise<void>;
}

/** Makes a directory with a unique name under the system's temporary directory. */
export async function temporaryDirectory(prefix = 'shiplog-test-'): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  const cleanup = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 });
  return { path, cleanup, [Symbol.asyncDispose]: cleanup };
}
