import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the repository. */
export const TOP = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** A source file and what it imports. */
export interface Source {
  /** From the top of the repository. */
  readonly path: string;
  /** `core/model`. */
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
  readonly isTest: boolean;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s+['"]([^'"]+)['"]|(?:^|\n)\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Every TypeScript source below the top-level folders given. */
export async function readSources(roots: readonly string[]): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const root of roots) {
    for (const name of await readdir(join(TOP, root))) {
      const folder = `${root}/${name}`;
      const files = await readdir(join(TOP, folder, 'src'), { recursive: true }).catch(() => []);
      for (const file of files) {
        if (!file.endsWith('.ts')) continue;
        const path = join(TOP, folder, 'src', file);
        const text = await readFile(path, 'utf8');
        const imports = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
        const isTest = file.includes('.test.') || (file.includes('testing/') && folder !== 'core/driver-kit');
        sources.push({ path: relative(TOP, path), folder, text, imports, isTest });
      }
    }
  }
  return sources;
}

/** A package's manifest. */
export async function readManifest(
  folder: string,
): Promise<{ readonly name: string; readonly dependencies?: { readonly [name: string]: string } }> {
  return JSON.parse(await readFile(join(TOP, folder, 'package.json'), 'utf8'));
}
