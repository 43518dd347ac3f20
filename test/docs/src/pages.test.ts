import { access, glob } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { read, TOP } from './repository.ts';

const test = suite('documentation: pages');

const PACKAGES = '{core,plugins,storage-drivers,network-drivers,test,examples}/*/package.json';

async function found(pattern: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const path of glob(pattern, { cwd: TOP, exclude: (name) => name === 'node_modules' || name === 'dist' })) paths.push(path);
  return paths.toSorted();
}

const pages = [
  ...(await found('*.md')),
  ...(await found('docs/*.md')),
  ...(await found('{core,plugins,storage-drivers,network-drivers,test,examples}/**/*.md')),
];

const exists = (path: string): Promise<boolean> =>
  access(join(TOP, path)).then(
    () => true,
    () => false,
  );

test('given every link between pages, when it is followed, then something is there', async () => {
  const broken: string[] = [];
  for (const page of pages) {
    for (const [, target = ''] of (await read(page)).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      if (!(await exists(normalize(join(dirname(page), target))))) broken.push(`${page}: ${target}`);
    }
  }
  assert.equal(broken, []);
});

test('given every package, when its README is read, then it names each third-party dependency', async () => {
  const missing: string[] = [];
  for (const path of await found(PACKAGES)) {
    const { dependencies = {} }: { readonly dependencies?: { readonly [name: string]: string } } = JSON.parse(await read(path));
    const readme = join(dirname(path), 'README.md');
    const text = (await exists(readme)) ? await read(readme) : undefined;
    if (text === undefined) missing.push(readme);
    else
      for (const name of Object.keys(dependencies))
        if (!name.startsWith('@shiplog/') && !text.includes(name)) missing.push(`${readme}: ${name}`);
  }
  assert.equal(missing, []);
});

test.run();
