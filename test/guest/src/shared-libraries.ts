import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Paths of the libraries that a program or library is linked with, its loader among them (ldd(1)); none of a static one. */
export async function sharedLibraries(path: string): Promise<readonly string[]> {
  const output = await exec('ldd', [path]).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string; stderr?: string }) => {
      if (`${error.stdout}${error.stderr}`.includes('not a dynamic executable')) return '';
      throw error;
    },
  );
  return [...output.matchAll(/(?:^\s+|=> )(\/\S+)/gm)].flatMap(([, library]) => library ?? []);
}
