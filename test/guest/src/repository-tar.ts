import { execFile } from 'node:child_process';
import { glob, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Packs the repository's own packages as they are built; a disk whose content is a tar. */
export async function repositoryTar(repository: string, cache: string): Promise<string> {
  const archive = join(cache, 'repository.tar');
  const packages = [];
  for await (const path of glob('{core,plugins,storage-drivers,network-drivers,test,examples}/*/package.json', { cwd: repository }))
    packages.push(path.replace(/\/package\.json$/, ''));
  const left = ['--exclude=node_modules', '--exclude=*.tsbuildinfo', '--exclude=*.d.ts', '--exclude=*.map'];
  await exec('tar', ['-cf', `${archive}.new`, ...left, 'package.json', ...packages.toSorted()], { cwd: repository });
  await rename(`${archive}.new`, archive);
  return archive;
}
