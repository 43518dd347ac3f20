import { mkdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

interface Asked {
  readonly Name?: string;
  readonly ID?: string;
}

/** A volume plugin of Docker's protocol, which lives on while engines die. Its volumes are directories. */
export class VolumePlugin {
  /** Who has it mounted, by volume. */
  readonly #volumes = new Map<string, Set<string>>();

  private constructor(
    private readonly directory: string,
    private readonly server: Server,
  ) {}

  /** Listens at the socket `NAME.sock` in a directory. */
  static async listen(directory: string, name: string): Promise<VolumePlugin> {
    const server = createServer();
    const plugin = new VolumePlugin(join(directory, `${name}-volumes`), server);
    server.on('request', (request, response) => {
      void (async () => {
        const asked = JSON.parse((await text(request)) || '{}') as Asked;
        const answer = await plugin.#answer(request.url ?? '', asked).catch((error: unknown) => ({ Err: String(error) }));
        response.statusCode = 'Err' in answer ? 500 : 200;
        response.end(JSON.stringify(answer));
      })();
    });
    await new Promise<void>((resolve) => server.listen(join(directory, `${name}.sock`), resolve));
    return plugin;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #answer(call: string, { Name: name = '', ID: id = '' }: Asked): Promise<object> {
    const mountpoint = join(this.directory, name);
    if (call === '/Plugin.Activate') return { Implements: ['VolumeDriver'] };
    if (call === '/VolumeDriver.Create') {
      await mkdir(mountpoint, { recursive: true });
      this.#volumes.set(name, new Set());
      return {};
    }
    const mounts = this.#volumes.get(name);
    if (mounts === undefined) throw new Error(`no such volume: ${name}`);
    if (call === '/VolumeDriver.Mount') mounts.add(id);
    if (call === '/VolumeDriver.Unmount' && !mounts.delete(id)) throw new Error(`${id} does not have it mounted`);
    if (call === '/VolumeDriver.Remove') {
      if (mounts.size > 0) throw new Error('volume is in use');
      await rm(mountpoint, { recursive: true });
      this.#volumes.delete(name);
      return {};
    }
    return call === '/VolumeDriver.Get' ? { Volume: { Name: name, Mountpoint: mountpoint } } : { Mountpoint: mountpoint };
  }
}
