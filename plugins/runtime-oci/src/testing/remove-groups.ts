import { rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errnoOf } from '@shiplog/driver-kit';
import { createKernel } from '@shiplog/kernel-linux';

/** Removes the cgroups that are called after `home`, as a cgroup driver would: the runtime leaves them. */
export async function removeGroups(home: string): Promise<void> {
  for (const { type, target } of await createKernel().mounts.list())
    if (type === 'cgroup' || type === 'cgroup2')
      await rmdir(join(target, basename(home))).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw error;
      });
}
