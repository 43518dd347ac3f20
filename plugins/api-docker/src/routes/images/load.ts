import type { Exchange } from '../../http/exchange.ts';
import { ProgressStream } from '../../http/progress-stream.ts';
import { booleanOf } from '../../http/query.ts';

/** `POST /images/load`: the body is the archive. */
export async function loadImages({ engine, query, body, caller, response, gone }: Exchange): Promise<void> {
  const quiet = booleanOf(query, 'quiet', true);
  const lines = new ProgressStream(response);
  try {
    const { images } = await engine.execute('image.load', { quiet }, caller, {
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
