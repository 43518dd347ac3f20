import { mkdir } from 'node:fs/promises';
import type { ContainerFiles, FileTree, Kernel, OpenFiles } from '@shiplog/contracts';
import { inject, injectable, KERNEL } from '@shiplog/driver-kit';
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
    for (const { source, make } of tree.mounts) if (make === true) await mkdir(source, { recursive: true });
    return new MountedFiles(this.#kernel, await trees.assemble(tree));
  }
}
