import { parseJson, ShiplogError } from '@shiplog/contracts';

/** Bytes a JSON body may have. Seccomp profiles are the largest thing that honest clients send. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** Reads a body whole. Throws REQUEST_INVALID beyond `limit` bytes, CANCELED where the client went away before its end. */
export async function readBody(body: AsyncIterable<Uint8Array>, limit = BODY_LIMIT): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > limit) throw new ShiplogError('REQUEST_INVALID', `the request body is larger than ${limit} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw isReset(error) ? new ShiplogError('CANCELED', 'the client went away before its request was whole', {}, { cause: error }) : error;
  }
  return Buffer.concat(chunks);
}

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

/**
 * Reads one JSON object. An empty body and `null`, as Go writes what is not there, are an empty object. Throws REQUEST_INVALID for another content type, for anything
 * that is not one object, and for content after it.
 */
export async function readJson(
  body: AsyncIterable<Uint8Array>,
  contentType: string | undefined,
): Promise<{ readonly [key: string]: unknown }> {
  const text = (await readBody(body)).toString('utf8');
  if (text.trim() === '') return {};
  if (contentType === undefined || !/^application\/json\s*(;|$)/i.test(contentType)) {
    throw new ShiplogError('REQUEST_INVALID', `unsupported Content-Type header (${contentType ?? ''}): must be 'application/json'`);
  }
  const document = parse(text) ?? {};
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new ShiplogError('REQUEST_INVALID', 'invalid JSON: expected one object');
  }
  return document as { readonly [key: string]: unknown };
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new ShiplogError(
      'REQUEST_INVALID',
      `invalid JSON: ${withoutSnippet(error instanceof Error ? error.message : String(error))}`,
      {},
      { cause: error },
    );
  }
}

/** V8 may repeat a piece of the document, which may be a secret. */
function withoutSnippet(message: string): string {
  return message.replace(/, (?:\.\.\.)?".*" ?(?:\.\.\. )?is not valid JSON$/s, '');
}
