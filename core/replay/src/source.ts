import { stat } from 'node:fs/promises';
import { type LogBoundary, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { inOrder } from './replayable.ts';
import { readExport } from './source/export-file.ts';
import { findLogDirectory, readLogDirectory } from './source/log-directory.ts';

/**
 * The events of a stored log, in order from position 0, or from behind what was pruned. `path` is an engine's root, its log directory, or an
 * export: JSON lines of whole events, plain, gzip or zstd.
 *
 * A directory is copied first and the copy is read, so that what it holds stays as it is. Throws PATH_NOT_FOUND,
 * REQUEST_INVALID for what is no log, ENGINE_LOCKED while an engine writes to it, LOG_CORRUPT naming the range, LOG_TOO_NEW.
 */
export async function* readSource(path: string): AsyncGenerator<ShiplogEvent | LogBoundary> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new ShiplogError('PATH_NOT_FOUND', `there is no log at ${path}`, { path }, { cause: error });
    throw ShiplogError.wrap(error, 'REQUEST_INVALID', { path });
  });
  yield* inOrder(found.isDirectory() ? readLogDirectory(await findLogDirectory(path)) : readExport(path));
}
