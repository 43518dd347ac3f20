import { mkdir, mkdtemp, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@shiplog/test-support';

const MIB = 1024 * 1024;

/** A small ext4 file system of a test's own, in a file on a loop device. */
export class SmallDisk {
  private constructor(
    readonly directory: string,
    readonly mount: string,
  ) {}

  static async make(mebibytes: number, inodes: number): Promise<SmallDisk> {
    const directory = await mkdtemp(join(tmpdir(), 'shiplog-disk-'));
    const disk = new SmallDisk(directory, join(directory, 'mnt'));
    try {
      await mkdir(disk.mount);
      const image = join(directory, 'image');
      await writeFile(image, '');
      await truncate(image, mebibytes * MIB);
      // Without blocks kept for root: full is full.
      await must('mkfs.ext4', ['-q', '-m', '0', '-N', String(inodes), image]);
      await must('mount', ['-o', 'loop', image, disk.mount]);
    } catch (error) {
      await disk.remove();
      throw error;
    }
    return disk;
  }

  /** Takes all space but `mebibytes`; 0 is the last block. */
  async fill(mebibytes: number): Promise<void> {
    await this.free();
    const { bavail, bsize } = await statfs(this.mount);
    await run('fallocate', ['-l', String(Math.max(bavail * bsize - mebibytes * MIB, bsize)), join(this.mount, 'filler')]);
    if (mebibytes > 0) return;
    // What metadata left over, to the last block.
    await run('dd', ['if=/dev/zero', `of=${join(this.mount, 'filler2')}`, 'bs=4096']);
    await run('sync', ['-f', this.mount]);
  }

  /** Takes every inode, so that nothing can be made while what is there still grows. */
  async fillInodes(): Promise<void> {
    await mkdir(join(this.mount, 'inodes'));
    for (let next = 0; ; next += 1) {
      try {
        await writeFile(join(this.mount, 'inodes', String(next)), '');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
        throw error;
      }
    }
  }

  /** Gives all of that back. */
  async free(): Promise<void> {
    for (const name of ['filler', 'filler2', 'inodes']) await rm(join(this.mount, name), { recursive: true, force: true });
  }

  async remove(): Promise<void> {
    await run('umount', [this.mount]);
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(command, args);
  if (code !== 0) throw new Error(`${command}: ${stderr}`);
}
