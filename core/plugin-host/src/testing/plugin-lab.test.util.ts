import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Container } from 'inversify';
import 'reflect-metadata';
import { createContext, type DriverManifest, type Isolation, type OperationContext } from '@shiplog/contracts';
import { createTestLogger, createTestServices, type TestLogger } from '@shiplog/driver-kit/testing';
import { DriverRegistry } from '../driver-registry.ts';
import { findPlugins, type InstalledPlugin, type ModuleLoader } from '../find-plugins.ts';
import { HostedPlugin } from '../hosted-plugin.ts';
import { PluginLines } from '../plugin-lines.ts';
import { GuestRunner, InlineRunner } from '../runner.ts';

export const LOADER: ModuleLoader = { resolve: (specifier) => import.meta.resolve(specifier), import: (url) => import(url) };

/** A kernel port for isolated plugins that touches nothing. */
const KERNEL = new URL('../../../driver-kit/dist/isolation/testing/no-kernel.test.double.js', import.meta.url).href;

/** Plugins in a directory of their own, and a registry that hosts them. */
export class PluginLab {
  readonly registry = new DriverRegistry(new Container());
  readonly logger: TestLogger = createTestLogger();

  private constructor(readonly directory: string) {}

  static async create(): Promise<PluginLab> {
    return new PluginLab(await mkdtemp(join(tmpdir(), 'plugins-')));
  }

  /** Writes a package of files and answers its directory. A field `shiplog` is made for a volume driver of the same name. */
  async write(name: string, files: { readonly [path: string]: string }, field: object = { entry: './driver.mjs' }): Promise<string> {
    const directory = join(this.directory, name);
    const manifest: DriverManifest = { kind: 'volume', name, capabilities: {}, needs: {}, doc: 'A test.' };
    const facts = { name, version: '1.0.0', type: 'module', shiplog: { api: [1], drivers: [manifest], ...field } };
    for (const [path, text] of Object.entries({ 'package.json': JSON.stringify(facts), ...files })) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
    }
    return directory;
  }

  async host(specifier: string, isolation: Isolation = 'inline'): Promise<HostedPlugin> {
    const [installed] = (await findPlugins([specifier], LOADER)) as readonly [InstalledPlugin];
    const lines = new PluginLines(installed.manifest.name, this.logger);
    const services = createTestServices({ stateDir: this.directory, runDir: this.directory, engineId: 'engine' });
    const { home } = services;
    const plugin = new HostedPlugin(installed, lines, (version) =>
      isolation === 'inline'
        ? new InlineRunner(
            installed,
            LOADER,
            async () => undefined,
            () => ({ ...services, logger: lines.toLogger() }),
            version,
          )
        : new GuestRunner({
            source:
              installed.command === undefined
                ? { isolation, module: installed.module ?? '', kernel: KERNEL }
                : { isolation: 'process', command: installed.command, directory: installed.directory },
            manifest: installed.manifest,
            welcome: Object.fromEntries(installed.manifest.drivers.map(({ kind, name }) => [`${kind}/${name}`, { home, options: {} }])),
            told: lines.toLogger(),
            log: services.log,
            socketDirectory: join(this.directory, 'guests'),
            settle: async () => undefined,
            patienceMs: 100,
          }),
    );
    await this.registry.add(plugin);
    return plugin;
  }

  /** Of a call with a deadline in `ms` milliseconds; with none, where it is not about that. */
  ctx(ms?: number): OperationContext {
    return createContext({ op: 'op1', signal: ms === undefined ? new AbortController().signal : AbortSignal.timeout(ms) });
  }

  async end(): Promise<void> {
    await this.registry.dispose();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** The text of a plugin's module: a volume driver whose `create` is `body`, with `name`, `ctx` and `services`. */
export function volumePlugin(name: string, body: string, more = ''): string {
  return `${more}
export default {
  manifest: { name: '${name}', version: '1.0.0', api: [1] },
  drivers: [{
    manifest: { kind: 'volume', name: '${name}', capabilities: {}, needs: {}, doc: 'A test.' },
    create: (services) => ({
      observe: async () => [],
      async create({ name }, ctx) { ${body} },
      publish: async ({ path }) => ({ path }),
      unpublish: async () => ({}),
      remove: async () => ({}),
      async [Symbol.asyncDispose]() { services.logger.info('disposed'); },
    }),
  }],
};
`;
}
