import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a plugin with one volume driver of its name that does nothing but `create`, and answers its directory. */
export async function writePlugin(parent: string, name: string, create = ''): Promise<string> {
  const directory = join(parent, name);
  await mkdir(directory, { recursive: true });
  const driver = { kind: 'volume', name, capabilities: {}, needs: {}, doc: 'For measurements.' };
  const facts = { name, version: '1.0.0', type: 'module', shiplog: { api: [1], entry: './driver.ts', drivers: [driver] } };
  const text = `export default {
  manifest: { name: '${name}', version: '1.0.0', api: [1] },
  drivers: [{
    manifest: ${JSON.stringify(driver)},
    create: () => ({
      observe: async () => [],
      async create() { ${create} return {}; },
      publish: async ({ path }: { path: string }) => ({ path }),
      unpublish: async () => ({}),
      remove: async () => ({}),
    }),
  }],
};
`;
  if (create === '' || name === 'silent') await writeFile(join(directory, 'package.json'), JSON.stringify(facts));
  await writeFile(join(directory, 'driver.ts'), text);
  return directory;
}
