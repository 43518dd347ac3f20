import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Says in a temporary directory for which engine a driver works: what a test that is killed leaves on the host is called by that. */
export async function nameEngine(directory: string, engineId: string): Promise<void> {
  await writeFile(join(directory, 'engine-id'), engineId);
}
