import { mkdir } from 'node:fs/promises';
import type { ContainerFiles, FileMount, FileTree, Kernel, OpenFiles } from '@shiplog/contracts';
import { inject, injectable, isVolumeEmpty, KERNEL } from '@shiplog/driver-kit';
import { MountedFiles } from './mounted-files.ts';

/** Files of containers by trees that are mounted nowhere. Keeps nothing. */
@injectable()
export class LinuxContainerFiles implements ContainerFiles {
  readonly #kernel: Kernel;

  constructor(@inject(KERNEL) kernel: Kernel) {
    this.#kernel = kernel;
  }

  async open(tree: FileTree): Promise<OpenFiles> {
    const { trees } = this.#kernel;
    if ('process' in tree) return new MountedFiles(this.#kernel, await trees.ofProcess(tree.process));
    const mounts: FileMount[] = [];
    for (const mount of tree.mounts) {
      if (mount.make === true) await mkdir(mount.source, { recursive: true });
      if (mount.unlessEmpty !== true || !(await isVolumeEmpty(mount.source))) mounts.push(mount);
    }
    return new MountedFiles(this.#kernel, await trees.assemble({ ...tree, mounts }));
  }
}
