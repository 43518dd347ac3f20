import type { Progress, StateView } from '@shiplog/contracts';
import { familiar, parseReference } from '@shiplog/oci/reference';
import { decode, type Exchange, param } from '../../http/exchange.ts';
import { ProgressStream } from '../../http/progress-stream.ts';
import { registryAuth } from '../../http/registry-auth.ts';
import { withTag } from '../../translate/reference.ts';

/** `POST /images/{name}/push`: the tag, or every tag of the name where none is given; one command each, the first that fails is the last. */
export async function pushImage(exchange: Exchange): Promise<void> {
  const { engine, query, caller, response, gone } = exchange;
  const { references, auth } = await decode(exchange, 'image.push', async () => {
    const [name, tag] = [param(exchange, 'name'), query.get('tag') ?? ''];
    return { ...registryAuth(exchange), references: tag === '' ? tagsOf(await engine.view(), name) : [withTag(name, tag)] };
  });
  const source = query.get('source') ?? '';
  const lines = new ProgressStream(response);
  try {
    for (const reference of references) {
      const streams = { signal: gone, progress: (step: Progress) => lines.progress(step), ...(auth === undefined ? {} : { auth }) };
      const args = { reference, ...(source === '' ? {} : { source }) };
      const { digest, size } = await engine.execute('image.push', args, caller, streams);
      const { tag = 'latest' } = parseReference(reference);
      lines.line({ status: `${tag}: digest: ${digest} size: ${size}` });
      lines.line({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } });
    }
    lines.end();
  } catch (error) {
    lines.fail(error);
  }
}

/** What images are called by this name; the name itself where none is, so that it is refused by it. */
function tagsOf(view: StateView, text: string): readonly string[] {
  const parsed = parseReference(text);
  if (parsed.tag !== undefined || parsed.digest !== undefined) return [text];
  const tags = [...view.images.values()].flatMap((image) => image.tags).filter((tag) => parseReference(tag).name === parsed.name);
  return tags.length === 0 ? [familiar(parsed)] : tags.toSorted();
}
