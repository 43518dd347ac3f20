import { realpath, stat } from 'node:fs/promises';
import { dirname, join, posix, resolve } from 'node:path';
import { CliError } from '../cli-error.ts';
import { meansContent, meansDirectory } from './copy-argument.ts';

/** Where what is at `source` of a container comes to lie here, given `path`. Throws CliError as `docker cp` does. */
export async function targetOf(source: string, isTree: boolean, path: string): Promise<string> {
  const here = await stat(path).catch(() => undefined);
  if (here?.isDirectory() === true) {
    const real = await realpath(path);
    return isTree && meansContent(source) ? real : join(real, posix.basename(posix.join('/', source)));
  }
  if (here !== undefined) {
    if (isTree) throw new CliError(`cannot copy a directory: ${path} is a file`);
    return realpath(path);
  }
  const whole = resolve(path);
  const above = await stat(dirname(whole)).catch(() => undefined);
  if (above?.isDirectory() !== true || (!isTree && meansDirectory(path))) {
    throw new CliError(`destination directory "${above?.isDirectory() === true ? path : dirname(whole)}" must exist`, {
      hint: 'make it first',
    });
  }
  return join(await realpath(dirname(whole)), posix.basename(whole));
}
