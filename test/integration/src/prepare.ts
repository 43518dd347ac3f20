import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { busyboxArchive, TestDaemon } from '@shiplog/test-support';

export const IMAGE = 'busybox:test';

/** A daemon with the test image loaded, and the way to be rid of both. */
export async function prepare(
  extra: readonly string[] = [],
): Promise<{ readonly daemon: TestDaemon; readonly archive: string; readonly scratch: string; done(): Promise<void> }> {
  const scratch = await mkdtemp(join(tmpdir(), 'shiplog-integration-'));
  const archive = join(scratch, 'busybox.tar');
  await busyboxArchive(archive, IMAGE);
  const daemon = await TestDaemon.start({ extra });
  const { code, stderr } = await daemon.docker(['load', '-q', '-i', archive]);
  if (code !== 0) {
    await daemon.destroy();
    throw new Error(`docker load: ${stderr}`);
  }
  return {
    daemon,
    archive,
    scratch,
    async done() {
      await daemon.destroy();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** Runs `work` for 0 … count-1, `width` at a time. */
export async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const index = next;
      next += 1;
      if (index >= count) return;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
