import { createServer, type Server } from 'node:http';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A volume plugin as third parties write them: strict about what it is asked, and counting mounts by id. */
export class ExamplePlugin {
  readonly volumes = new Map<string, { readonly options: object; readonly mounts: Set<string> }>();
  readonly calls: string[] = [];
  /** Answers nothing while it is true. */
  hangs = false;
  readonly #server: Server;

  constructor(private readonly directory: string) {
    this.#server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        this.calls.push(path);
        if (this.hangs) return;
        void this.#answer(path, text === '' ? {} : JSON.parse(text)).then(
          (answer) => response.setHeader('content-type', 'application/vnd.docker.plugins.v1.2+json').end(JSON.stringify(answer)),
          (error: unknown) => response.writeHead(500).end(JSON.stringify({ Err: error instanceof Error ? error.message : String(error) })),
        );
      });
    });
  }

  async listen(socket: string): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    await rm(socket, { force: true });
    await new Promise<void>((resolve) => this.#server.listen(socket, resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(
    path: string,
    { Name: name = '', ID: id = '', Opts: options = {} }: { Name?: string; ID?: string; Opts?: object },
  ): Promise<object> {
    if (path === '/Plugin.Activate') return { Implements: ['VolumeDriver'] };
    if (path === '/VolumeDriver.Capabilities') return { Capabilities: { Scope: 'local' } };
    const at = join(this.directory, name);
    if (path === '/VolumeDriver.Create') {
      if (this.volumes.has(name)) throw new Error(`volume ${name} exists`);
      if ('fail' in options) throw new Error('asked to fail');
      await mkdir(at, { recursive: true });
      this.volumes.set(name, { options, mounts: new Set() });
      return { Err: '' };
    }
    const volume = this.volumes.get(name);
    if (volume === undefined) throw new Error(`no such volume: ${name}`);
    switch (path) {
      case '/VolumeDriver.Get':
        return { Volume: { Name: name, Mountpoint: at, Status: {} }, Err: '' };
      case '/VolumeDriver.Path':
        return { Mountpoint: at, Err: '' };
      case '/VolumeDriver.Mount':
        if (id === '') throw new Error('no id');
        volume.mounts.add(id);
        return { Mountpoint: at, Err: '' };
      case '/VolumeDriver.Unmount':
        if (!volume.mounts.delete(id)) throw new Error(`not mounted by ${id}`);
        return { Err: '' };
      case '/VolumeDriver.Remove':
        if (volume.mounts.size > 0) throw new Error('volume is mounted');
        this.volumes.delete(name);
        await rm(at, { recursive: true, force: true });
        return { Err: '' };
      default:
        throw new Error(`unknown call ${path}`);
    }
  }
}
