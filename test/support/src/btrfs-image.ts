import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

const BYTES = 1024 * 1024 * 1024;

/**
 * A btrfs of a gigabyte, on a loop device over a sparse file, mounted at `path`. `cleanup` unmounts it, which frees the device as well, also
 * when something in it is still open.
 */
export async function btrfsImage(): Promise<TemporaryDirectory> {
  const home = await temporaryDirectory('shiplog-btrfs-');
  const [image, path] = [join(home.path, 'image'), join(home.path, 'mnt')];
  const cleanup = async (): Promise<void> => {
    // Not there when mounting failed; busy when a test left something open.
    if ((await run('umount', ['--recursive', path])).code !== 0) await run('umount', ['--lazy', path]);
    await home.cleanup();
  };
  try {
    await mkdir(path);
    await writeFile(image, '');
    await truncate(image, BYTES);
    await must('mkfs.btrfs', ['--quiet', image]);
    await must('mount', ['-t', 'btrfs', '-o', 'loop', image, path]);
  } catch (error) {
    await cleanup();
    throw error;
  }
  return { path, cleanup, [Symbol.asyncDispose]: cleanup };
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr}`);
}
