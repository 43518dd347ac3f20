import { type Exchange, decode } from '../../http/exchange.ts';
import { ShiplogError } from '@shiplog/contracts';
import { ProgressStream } from '../../http/progress-stream.ts';
import { withTag } from '../../translate/reference.ts';

/** `POST /images/create`: imports a root file system from the body (`fromSrc=-`). Pulling (`fromImage`) comes later. */
export async function createImage(exchange: Exchange): Promise<void> {
  const { engine, query, body, caller, response, gone } = exchange;
  const args = await decode(exchange, 'image.import', () => {
    refusePull(query);
    const source = query.get('fromSrc') ?? '';
    if (source === '') throw new ShiplogError('REQUEST_INVALID', 'one of fromImage and fromSrc is required');
    if (source !== '-') {
      throw new ShiplogError(
        'NOT_SUPPORTED',
        `importing from ${source} is not supported by this engine: send the archive itself (docker import - < FILE)`,
      );
    }
    const repo = query.get('repo') ?? '';
    return {
      source,
      message: query.get('message') ?? '',
      changes: query.getAll('changes').flatMap((change) => change.split('\n').filter((line) => line.trim() !== '')),
      ...(repo === '' ? {} : { reference: withTag(repo, query.get('tag')) }),
    };
  });
  const lines = new ProgressStream(response);
  try {
    const { id } = await engine.execute('image.import', args, caller, { body, signal: gone, progress: (step) => lines.progress(step) });
    lines.line({ status: id });
    lines.end();
  } catch (error) {
    lines.fail(error);
  }
}

function refusePull(query: URLSearchParams): void {
  const image = query.get('fromImage') ?? '';
  if (image === '') return;
  throw new ShiplogError(
    'NOT_IMPLEMENTED',
    `cannot pull ${withTag(image, query.get('tag'))}: this engine does not pull images yet; bring it in with docker load or docker import`,
  );
}
