import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dirname, join, normalize } from 'node:path';
import { IMPORT_TABLE, TESTS_MAY_IMPORT, TESTS_MAY_USE } from './import-table.ts';
import { readManifest, readSources, type Source } from './sources.ts';

const test = suite('imports');
const ROOTS = ['core', 'plugins', 'storage-drivers', 'network-drivers'];
const sources = await readSources([...ROOTS, 'test']);
const shipped = sources.filter((source) => !source.path.startsWith('test/') || source.path.startsWith('test/conformance/'));

/** `@scope/a/b` → `@scope/a`, `a/b` → `a`. */
const moduleOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
const ours = (specifier: string): string | undefined =>
  specifier.startsWith('@shiplog/') ? moduleOf(specifier).slice('@shiplog/'.length) : undefined;
const foreign = (specifier: string): boolean =>
  !specifier.startsWith('.') && !specifier.startsWith('node:') && !specifier.startsWith('@shiplog/');

test('given every package of the house, when it imports, then the import table allows it', () => {
  const wrong: string[] = [];
  for (const { path, folder, imports, isTest } of shipped) {
    const allowed = IMPORT_TABLE[folder];
    assert.ok(allowed, `${folder} is not in the import table`);
    for (const specifier of imports) {
      const own = ours(specifier);
      if (own !== undefined && !allowed.ours.includes(own) && !(isTest && TESTS_MAY_IMPORT.includes(own)))
        wrong.push(`${path} imports ${specifier}`);
      if (
        foreign(specifier) &&
        !allowed.thirdParty.includes(moduleOf(specifier)) &&
        !(isTest && TESTS_MAY_USE.includes(moduleOf(specifier)))
      )
        wrong.push(`${path} imports ${specifier}`);
    }
  }
  assert.equal(wrong, []);
});

test('given code that ships, when it imports, then never a test package', () => {
  const wrong = shipped.filter(
    (source) => !source.isTest && source.imports.some((specifier) => /^@shiplog\/(test-|conformance)/.test(specifier)),
  );
  assert.equal(
    wrong.map((source) => source.path),
    [],
  );
});

test('given inversify and tsyringe, when a file imports one, then it is in plugin-host, or in driver-kit', () => {
  const users = (module: string): string[] => [
    ...new Set(shipped.filter((source) => source.imports.includes(module)).map((source) => source.folder)),
  ];
  assert.equal(users('inversify'), ['core/plugin-host']);
  assert.equal(users('tsyringe'), ['core/driver-kit']);
});

test('given the model, when its sources are read, then there is no I/O, clock or chance in them', () => {
  const impure = /\bDate\b|\bMath\.random\b|\bprocess\.|\bperformance\b|\bcrypto\b|\bsetTimeout\b/;
  const code = (source: Source): string => source.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  const wrong = shipped.filter(
    (source) =>
      source.folder === 'core/model' &&
      !source.isTest &&
      (impure.test(code(source)) || source.imports.some((specifier) => specifier.startsWith('node:'))),
  );
  assert.equal(
    wrong.map((source) => source.path),
    [],
  );
});

test('given each manifest, when its dependencies are compared with the imports, then they are the same', async () => {
  const wrong: string[] = [];
  for (const folder of Object.keys(IMPORT_TABLE)) {
    if (folder === 'plugins/daemon') continue; // It depends on the default plugins by name, and imports none.
    const declared = new Set(Object.keys((await readManifest(folder)).dependencies ?? {}));
    const used = new Set<string>();
    for (const source of sources) {
      if (source.folder !== folder || source.isTest) continue;
      for (const specifier of source.imports)
        if (!specifier.startsWith('.') && !specifier.startsWith('node:')) used.add(moduleOf(specifier));
    }
    for (const name of used) if (!declared.has(name)) wrong.push(`${folder} uses ${name} and does not declare it`);
    for (const name of declared) if (!used.has(name)) wrong.push(`${folder} declares ${name} and does not use it`);
  }
  assert.equal(wrong, []);
});

test('given all sources, when relative imports are followed, of types too, then no file reaches itself', () => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const line of byPath.get(path)?.text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s+['"](\.[^'"]+)['"]/g) ?? []) {
      visit(normalize(join(dirname(path), line[1] ?? '')), [...trail, path]);
    }
    done.add(path);
  };
  for (const path of byPath.keys()) visit(path, []);
  assert.equal(cycles, []);
});

test('given code that ships, when its lines are counted, then no file has more than 500', () => {
  assert.equal(
    shipped.filter((source) => !source.isTest && source.text.split('\n').length > 500).map((source) => source.path),
    [],
  );
});

test.run();
