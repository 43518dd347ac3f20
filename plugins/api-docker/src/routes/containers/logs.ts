import { type LogOptions, ShiplogError } from '@shiplog/contracts';
import { outputContentType } from '../../http/content-type.ts';
import { decode, type Exchange, param } from '../../http/exchange.ts';
import { booleanOf } from '../../http/query.ts';
import { beginStream, writeChunk } from '../../http/reply.ts';
import { parseMoment } from '../../translate/time.ts';
import { logFormatter } from './log-chunk.ts';

/** `GET /containers/{id}/logs`. */
export async function containerLogs(exchange: Exchange): Promise<void> {
  const { engine, query, response, version, gone, caller } = exchange;
  const ref = param(exchange, 'id');
  const { spec, options } = await decode(exchange, 'container.logs', async () => ({
    options: optionsOf(query),
    spec: (await engine.view()).container(ref).spec,
  }));
  const records = await engine.logs(ref, { ...options, signal: gone }, caller);
  const toBytes = logFormatter({ framed: !spec.tty, timestamps: booleanOf(query, 'timestamps'), details: booleanOf(query, 'details') });
  beginStream(response, outputContentType(spec.tty, version));
  for await (const record of records) {
    if (gone.aborted) break;
    await writeChunk(response, toBytes(record), gone);
  }
  response.end();
}

function optionsOf(query: URLSearchParams): LogOptions {
  const [stdout, stderr, follow] = [booleanOf(query, 'stdout'), booleanOf(query, 'stderr'), booleanOf(query, 'follow')];
  if (!stdout && !stderr) throw new ShiplogError('REQUEST_INVALID', 'Bad parameters: you must choose at least one stream');
  const since = parseMoment(query.get('since'));
  const until = parseMoment(query.get('until'));
  return {
    stdout,
    stderr,
    follow,
    ...tailOf(query.get('tail')),
    ...(since === undefined || since <= 0n ? {} : { since: since.toString() }),
    ...(until === undefined || until <= 0n ? {} : { until: until.toString() }),
  };
}

/** A number of lines; anything else, such as `all`, is all of them. */
function tailOf(text: string | null): { readonly tail?: number } {
  return text !== null && /^\d{1,9}$/.test(text) ? { tail: Number(text) } : {};
}
