import { stat } from 'node:fs/promises';
import { type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { readExport } from './source/export-file.ts';
import { findLogDirectory, readLogDirectory } from './source/log-directory.ts';

/**
 * The events of a stored log, in order from position 0. `path` is an engine's root, its log directory, or an export: JSON lines
 * of whole events, plain, gzip or zstd.
 *
 * A directory is copied first and the copy is read, so that what it holds stays as it is. Throws PATH_NOT_FOUND,
 * REQUEST_INVALID for what is no log, ENGINE_LOCKED while an engine writes to it, LOG_CORRUPT naming the range, LOG_TOO_NEW.
 */
export async function* readSource(path: string): AsyncGenerator<ShiplogEvent> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new ShiplogError('PATH_NOT_FOUND', `there is no log at ${path}`, { path }, { cause: error });
    throw ShiplogError.wrap(error, 'REQUEST_INVALID', { path });
  });
  yield* inOrder(found.isDirectory() ? readLogDirectory(await findLogDirectory(path)) : readExport(path));
}

/** Passes events on; throws where they do not begin at 0 or leave one out, since a fold over a gap means nothing. */
export async function* inOrder(events: AsyncIterable<ShiplogEvent>): AsyncGenerator<ShiplogEvent> {
  let next = 0;
  for await (const event of events) {
    if (event.seq !== next) {
      const what =
        next === 0
          ? `it begins at position ${event.seq}`
          : `position ${next} is followed by ${event.seq - 1 === next ? 'a gap' : event.seq}`;
      throw new ShiplogError('LOG_CORRUPT', `only a whole log can be replayed, and ${what}: export it from position 0`, {
        from: next,
        to: Math.max(next, event.seq - 1),
      });
    }
    next += 1;
    yield event;
  }
}
