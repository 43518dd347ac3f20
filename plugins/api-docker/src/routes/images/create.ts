import { type Exchange, decode } from '../../http/exchange.ts';
import { type Progress, type RegistryAuth, ShiplogError } from '@shiplog/contracts';
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

/**
 * From an image source: the tag or digest, or every tag of the name where neither is given; one command each, the first that fails is the last. `source` and
 * `storageDriver`, which Docker has not, say from which, and who is to hold the layers.
 */
async function pullImage(exchange: Exchange): Promise<void> {
  const { engine, query, caller, response, gone } = exchange;
  const { auth, references, ...more } = await decode(exchange, 'image.pull', async () => {
    const [source, storageDriver, platform] = ['source', 'storageDriver', 'platform'].map((name) => query.get(name) ?? '');
    const known = registryAuth(exchange);
    const asked = { ...known, ...(source === '' ? {} : { source }) };
    return {
      ...asked,
      references: await referencesOf(exchange, asked),
      ...(storageDriver === '' ? {} : { storageDriver }),
      ...(platform === '' ? {} : { platform }),
    };
  });
  const lines = new ProgressStream(response);
  try {
    let isAnyNew = false;
    for (const reference of references) {
      const streams = { signal: gone, progress: (step: Progress) => lines.progress(step), ...(auth === undefined ? {} : { auth }) };
      const { digest, isNew } = await engine.execute('image.pull', { reference, ...more }, caller, streams);
      lines.line({ status: `Digest: ${digest}` });
      isAnyNew ||= isNew;
    }
    // As people write it: the docker command sends `docker.io/library/busybox`.
    const { name, tag, digest: pinned } = parseReference(references.length === 1 ? references[0]! : nameIn(query));
    const image = pinned === undefined ? familiar({ name, ...(tag === undefined ? {} : { tag }) }) : `${name}@${pinned}`;
    const shown = references.length === 1 ? image : image.replace(/:latest$/, '');
    lines.line({ status: `Status: ${isAnyNew ? 'Downloaded newer image' : 'Image is up to date'} for ${shown}` });
    lines.end();
  } catch (error) {
    lines.fail(error);
  }
}

function nameIn(query: URLSearchParams): string {
  return query.get('fromImage') ?? '';
}

/** What is to be pulled. Of a name alone, `latest` where nobody can tell its tags. */
async function referencesOf(
  { engine, query, gone }: Exchange,
  asked: { readonly source?: string; readonly auth?: RegistryAuth },
): Promise<readonly string[]> {
  const [name, tag] = [nameIn(query), query.get('tag')];
  const parsed = parseReference(name);
  if ((tag ?? '') !== '' || parsed.tag !== undefined || parsed.digest !== undefined) return [withTag(name, tag)];
  const tags = (await engine.tags(name, asked, gone)) ?? [];
  return (tags.length === 0 ? ['latest'] : tags).map((one) => withTag(name, one));
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
