import { rm } from 'node:fs/promises';
import type { Host } from '@shiplog/plugin-host';
import { type Actor, createContext, type NetworkDriver, type StorageDriver } from '@shiplog/contracts';
import type { Logger } from '@shiplog/driver-kit';

const ACTOR: Actor = { scheme: 'system', reason: 'teardown' };

/**
 * Removes everything an engine holds: containers, networks' bridges and rules, then its directories with the log.
 * For engines of tests and tours; there is no way back. May be repeated.
 */
export async function tearDown(host: Host, directories: readonly string[], logger: Logger): Promise<void> {
  const { engine, drivers } = host;
  const { containers, networks } = await engine.view();
  for (const id of containers.keys()) {
    await engine.execute('container.remove', { container: id, force: true, volumes: true }, { actor: ACTOR }).catch((error: unknown) =>
      // One that removes itself may be gone by now.
      logger.warn('container not removed', { id, error: String(error) }),
    );
  }
  for (const { id, name, driver, subnet, gateway, internal, options } of networks.values()) {
    const network: NetworkDriver = drivers.get('network', driver);
    await network.removeNetwork(
      { network: { id, name, subnet, gateway, internal, options: { ...options } } },
      createContext({ op: 'teardown', signal: AbortSignal.timeout(30_000) }),
    );
  }
  await removeSnapshots(host);
  await host.stop('teardown');
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
}

/** Not every snapshot can be deleted as a directory: btrfs has read-only ones. */
async function removeSnapshots({ engine, drivers }: Host): Promise<void> {
  const { images } = await engine.view();
  const used = new Set([...images.values()].map(({ storageDriver }) => storageDriver));
  for (const { kind, name, probe, loaded } of drivers.list()) {
    if (kind !== 'storage' || !probe.usable || (loaded === false && !used.has(name))) continue;
    const storage: StorageDriver = drivers.get('storage', name);
    for (const { resource, id } of await storage.observe())
      if (resource === 'snapshot')
        await storage.remove({ key: id }, createContext({ op: 'teardown', signal: AbortSignal.timeout(60_000) }));
  }
}
