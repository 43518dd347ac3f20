import { access, cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ShiplogError } from '@shiplog/contracts/errors';
import { FAMILIES, type Family, INLINE, PEERS } from './families.ts';

const TEMPLATES = fileURLToPath(new URL('../templates', import.meta.url));

export interface NewDriver {
  readonly family: string;
  /** Of the driver, the plugin and the directory: lower-case letters, digits and dashes. */
  readonly name: string;
  readonly language: string;
  /** Where its directory is made. */
  readonly parent: string;
}

/**
 * Writes a driver that works, with the test that proves it, into a new directory, and answers its path and files. Links the packages
 * that it imports from the installation that this one is part of, so that it works at once, also outside of it. Throws REQUEST_INVALID
 * for what cannot be made, before anything is written.
 */
export async function createDriver({
  family,
  name,
  language,
  parent,
}: NewDriver): Promise<{ readonly directory: string; readonly files: readonly string[] }> {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) throw invalid(`a driver's name has lower-case letters, digits and dashes, not "${name}"`);
  if (!Object.hasOwn(FAMILIES, family))
    throw invalid(`there is no driver family "${family}" to begin; there is ${Object.keys(FAMILIES).join(', ')}`);
  if (language !== 'typescript' && language !== 'python') throw invalid(`drivers are begun in typescript or python, not ${language}`);
  if (language === 'python' && family !== 'volume')
    throw invalid(
      `there is a beginning in Python for volume drivers only; the wire is the same for ${family} drivers: see docs/wire-protocol.md`,
    );
  const directory = resolve(parent, name);
  if (await isThere(directory)) throw invalid(`${directory} is there already; give another name`);
  const { kind, ...more } = FAMILIES[family as Family];
  const manifest = { kind, name, ...more };
  await mkdir(parent, { recursive: true });
  await mkdir(directory);
  if (language === 'python') await writePython(directory, name, manifest);
  else await writeTypeScript(directory, family, name, manifest);
  const files = (await readdir(directory)).filter((file) => file !== 'node_modules').toSorted();
  return { directory, files };
}

async function writeTypeScript(directory: string, family: string, name: string, manifest: object): Promise<void> {
  const fill = (text: string): string => text.replaceAll('__MANIFEST__', literal(manifest)).replaceAll('__NAME__', name);
  for (const file of ['driver.ts', 'plugin.ts'])
    await writeFile(join(directory, file), fill(await readFile(join(TEMPLATES, family, file), 'utf8')));
  await cp(join(TEMPLATES, 'driver.test.ts'), join(directory, 'driver.test.ts'));
  await writeJson(directory, 'tsconfig.json', TSCONFIG);
  await writeJson(directory, 'package.json', {
    name,
    version: '0.1.0',
    type: 'module',
    scripts: { test: 'node --test', typecheck: 'tsc --noEmit' },
    shiplog: { api: [1], entry: './plugin.ts', drivers: [manifest] },
    peerDependencies: Object.fromEntries(
      ['@shiplog/contracts', '@shiplog/driver-kit', ...(PEERS[family] ?? [])].map((peer) => [peer, '*']),
    ),
  });
  await writeFile(join(directory, 'README.md'), readme(name, family));
  await linkPackages(directory);
}

async function writePython(directory: string, name: string, manifest: object): Promise<void> {
  await cp(join(TEMPLATES, 'volume-python'), directory, { recursive: true });
  await writeJson(directory, 'package.json', {
    name,
    version: '0.1.0',
    shiplog: { api: [1], command: ['python3', 'driver.py'], drivers: [{ ...manifest, needs: { binaries: ['python3'] } }] },
  });
  await writeFile(join(directory, 'README.md'), readme(name, 'volume'));
}

/** The packages of the installation, by links: there is one copy of each, which is what makes injection work. */
async function linkPackages(directory: string): Promise<void> {
  const modules = await installedModules();
  await mkdir(join(directory, 'node_modules/@types'), { recursive: true });
  await symlink(join(modules, '@shiplog'), join(directory, 'node_modules/@shiplog'));
  const types = join(modules, '@types/node');
  if (await isThere(types)) await symlink(types, join(directory, 'node_modules/@types/node'));
}

/** The nearest node_modules that has the driver kit. */
async function installedModules(): Promise<string> {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    const modules = join(at, 'node_modules');
    if (await isThere(join(modules, '@shiplog/driver-kit'))) return modules;
  }
  throw new ShiplogError('HOST_UNSUITABLE', 'there is no @shiplog/driver-kit beside this package; install it first');
}

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2024',
    lib: ['ES2024', 'ESNext'],
    module: 'NodeNext',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    types: ['node'],
  },
};

function readme(name: string, family: string): string {
  const isolated = INLINE.includes(family) ? '' : `\nshiplogd --plugin "$PWD" --isolate ${name}=process # or in a process of its own`;
  return `# ${name}

A ${family} driver for Shiplog.

\`\`\`sh
shiplog plugin test .                            # prove it, as root if it needs that
shiplogd --plugin "$PWD" --watch                 # use it; every save is loaded at once${isolated}
\`\`\`
`;
}

/** A value as TypeScript: what JSON.stringify writes, on one line, keys unquoted. */
function literal(value: object): string {
  return JSON.stringify(value)
    .replace(/"([a-zA-Z]+)":/g, '$1: ')
    .replace(/"((?:[^"\\\\]|\\\\.)*)"/g, (_, text: string) => `'${text.replaceAll("'", String.raw`\\'`)}'`)
    .replaceAll(/([{,])(?=\S)/g, '$1 ')
    .replaceAll(/(?<=\S)}/g, ' }')
    .replaceAll('{ }', '{}');
}

async function writeJson(directory: string, file: string, value: object): Promise<void> {
  await writeFile(join(directory, file), `${JSON.stringify(value, undefined, 2)}\n`);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function invalid(message: string): ShiplogError {
  return new ShiplogError('REQUEST_INVALID', message);
}

/** What to do next with a new driver, seen from `from`. */
export function nextSteps(directory: string, from: string): readonly string[] {
  const path = relative(from, directory) || '.';
  return [`cd ${path}`, 'shiplog plugin test .', `shiplogd --plugin "$PWD" --watch`];
}
