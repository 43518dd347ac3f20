import type { Exchange } from '../../http/exchange.ts';
import { ProgressStream } from '../../http/progress-stream.ts';
import { booleanOf } from '../../http/query.ts';

/** `POST /images/load`: the body is the archive. `storageDriver`, which Docker has not, says who is to hold what it brings. */
export async function loadImages({ engine, query, body, caller, response, gone }: Exchange): Promise<void> {
  const quiet = booleanOf(query, 'quiet', true);
  const storageDriver = query.get('storageDriver') ?? '';
  const lines = new ProgressStream(response);
  try {
    const { images } = await engine.execute('image.load', { quiet, ...(storageDriver === '' ? {} : { storageDriver }) }, caller, {
      body,
      signal: gone,
      ...(quiet ? {} : { progress: (step) => lines.progress(step) }),
    });
    for (const { id, tags } of images) {
      if (tags.length === 0) lines.line({ stream: `Loaded image ID: ${id}\n` });
      for (const tag of tags) lines.line({ stream: `Loaded image: ${tag}\n` });
    }
    lines.end();
  } catch (error) {
    lines.fail(error);
  }
}
