import { type Exchange, decode } from '../../http/exchange.ts';
import { type Progress, ShiplogError } from '@shiplog/contracts';
import { familiar, parseReference } from '@shiplog/oci/reference';
import { registryAuth } from '../../http/registry-auth.ts';
import { ProgressStream } from '../../http/progress-stream.ts';
import { withTag } from '../../translate/reference.ts';

/** `POST /images/create`: pulls an image (`fromImage`), or imports a root file system from the body (`fromSrc=-`). */
export async function createImage(exchange: Exchange): Promise<void> {
  await (pullOrImport(exchange.query) === 'image.import' ? importImage(exchange) : pullImage(exchange));
}

/** What it is. */
export function pullOrImport(query: URLSearchParams): 'image.pull' | 'image.import' {
  return (query.get('fromImage') ?? '') === '' ? 'image.import' : 'image.pull';
}

/** From an image source. `source` and `storageDriver`, which Docker has not, say from which, and who is to hold the layers. */
async function pullImage(exchange: Exchange): Promise<void> {
  const { engine, query, caller, response, gone } = exchange;
  const { auth, ...args } = await decode(exchange, 'image.pull', () => {
    const [source, storageDriver, platform] = ['source', 'storageDriver', 'platform'].map((name) => query.get(name) ?? '');
    return {
      ...registryAuth(exchange),
      reference: withTag(query.get('fromImage') ?? '', query.get('tag')),
      ...(source === '' ? {} : { source }),
      ...(storageDriver === '' ? {} : { storageDriver }),
      ...(platform === '' ? {} : { platform }),
    };
  });
  const lines = new ProgressStream(response);
  try {
    const streams = { signal: gone, progress: (step: Progress) => lines.progress(step), ...(auth === undefined ? {} : { auth }) };
    const { digest, isNew } = await engine.execute('image.pull', args, caller, streams);
    lines.line({ status: `Digest: ${digest}` });
    // As people write it: the docker command sends `docker.io/library/busybox`.
    const { name, tag, digest: pinned } = parseReference(args.reference);
    const image = pinned === undefined ? familiar({ name, ...(tag === undefined ? {} : { tag }) }) : `${name}@${pinned}`;
    lines.line({ status: `Status: ${isNew ? 'Downloaded newer image' : 'Image is up to date'} for ${image}` });
    lines.end();
  } catch (error) {
    lines.fail(error);
  }
}

async function importImage(exchange: Exchange): Promise<void> {
  const { engine, query, body, caller, response, gone } = exchange;
  const args = await decode(exchange, 'image.import', () => {
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
