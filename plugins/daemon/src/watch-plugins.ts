import { watch } from 'node:fs';
import { ShiplogError } from '@shiplog/contracts';
import type { Logger } from '@shiplog/driver-kit';
import type { Host } from '@shiplog/plugin-host';

/** Editors write a file in several goes. */
const QUIET_MS = 20;

/** Loads a plugin anew whenever a file beside its module is saved, as a command of the engine. Answers how to stop. */
export function watchPlugins(host: Host, logger: Logger): () => void {
  const stops = host.watched().map(({ name, directory }) => {
    let timer: NodeJS.Timeout | undefined;
    const reload = (): void => {
      host.engine
        .execute('plugin.reload', { plugin: name }, { actor: { scheme: 'system', reason: 'watch' } })
        .then(({ ms }) => logger.info('reloaded', { plugin: name, ms }))
        .catch((error: unknown) =>
          logger.error('not reloaded: the former version stays', { plugin: name, error: ShiplogError.wrap(error).message }),
        );
    };
    const watcher = watch(directory, (_, file) => {
      if (file === null || !/\.(?:[cm]?[jt]s|json|py|sh)$/.test(file) || file.startsWith('.')) return;
      clearTimeout(timer);
      timer = setTimeout(reload, QUIET_MS);
    });
    return () => {
      clearTimeout(timer);
      watcher.close();
    };
  });
  return () => {
    for (const stop of stops) stop();
  };
}
