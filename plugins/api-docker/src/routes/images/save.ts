import { parseJson, type SaveRequest, ShiplogError } from '@shiplog/contracts';
import { decode, type Exchange, param } from '../../http/exchange.ts';
import { beginStream, writeChunk } from '../../http/reply.ts';

/** `GET /images/{name}/get`. */
export async function saveImage(exchange: Exchange): Promise<void> {
  await save(exchange, [param(exchange, 'name')]);
}

/** `GET /images/get?names=`: several images in one archive; `names` may repeat, or list names with commas between. */
export async function saveImages(exchange: Exchange): Promise<void> {
  const names = exchange.query.getAll('names').flatMap((text) => text.split(','));
  await save(
    exchange,
    names.map((name) => name.trim()).filter((name) => name !== ''),
  );
}

/** Nothing is answered before the first bytes are there: what is missing is told by a status. A later failure cuts the connection. */
async function save(exchange: Exchange, images: readonly string[]): Promise<void> {
  const { engine, query, caller, response, gone } = exchange;
  const platform = await decode(exchange, 'image.save', () => platformOf(query.getAll('platform')));
  const archive = (await engine.save({ images, ...(platform === undefined ? {} : { platform }) }, caller))[Symbol.asyncIterator]();
  try {
    let next = await archive.next();
    beginStream(response, 'application/x-tar');
    for (; next.done !== true && !gone.aborted; next = await archive.next()) await writeChunk(response, next.value, gone);
    if (!gone.aborted) response.end();
  } finally {
    await archive.return?.();
  }
}

/** A platform as a JSON document (API 1.48). An image here is for one platform, so more than one cannot be had. */
function platformOf(texts: readonly string[]): SaveRequest['platform'] {
  const wanted = texts.filter((text) => text !== '');
  const [text] = wanted;
  if (text === undefined) return undefined;
  if (wanted.length > 1) throw new ShiplogError('NOT_SUPPORTED', 'an image here is for one platform: ask for one');
  const invalid = (cause?: unknown): ShiplogError => new ShiplogError('REQUEST_INVALID', `invalid platform: ${text}`, {}, { cause });
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw invalid(error);
  }
  if (typeof value !== 'object' || value === null) throw invalid();
  const fields: { readonly [field: string]: unknown } = { ...value };
  const parts = (['os', 'architecture', 'variant'] as const).flatMap((name) => {
    const part = fields[name];
    if (part === undefined || part === '') return [];
    if (typeof part !== 'string') throw invalid();
    return [[name, part] as const];
  });
  return Object.fromEntries(parts);
}
