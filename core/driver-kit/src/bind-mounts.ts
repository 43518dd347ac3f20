import { realpath } from 'node:fs/promises';
import type { Kernel, MountInfo } from '@shiplog/contracts';
import { pathExists } from './build-directory.ts';
import { bindMountsOf } from './mount-table.ts';
import type { Logger } from './services.ts';
import { type TargetMount, TargetMounts } from './target-mounts.ts';

/** Shows directories `<home>/<key>/…` at targets by bind mounts, and takes them away again. */
export class BindMounts extends TargetMounts {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel, logger: Logger, home: string) {
    super(kernel, logger, (table) => bindsOf(table, home));
    this.#kernel = kernel;
  }

  /** Makes `source` (below `<home>/<key>`) visible at `target`, which it creates, and answers the mount. As `show` else. */
  async bind(key: string, source: string, target: string) {
    const mount = { type: 'bind', source, target, options: ['bind', 'private'] };
    await this.show(key, target, (path) => this.#kernel.mounts.mount({ ...mount, target: path }));
    return mount;
  }
}

async function bindsOf(table: readonly MountInfo[], home: string): Promise<readonly TargetMount[]> {
  if (!(await pathExists(home))) return [];
  return bindMountsOf(table, await realpath(home)).map(({ path, target }) => ({ key: path.split('/')[0] ?? '', target }));
}
