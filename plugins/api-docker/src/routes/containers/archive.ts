import { ShiplogError } from '@shiplog/contracts';
import { decode, type Exchange, param } from '../../http/exchange.ts';
import { booleanOf, textOf } from '../../http/query.ts';
import { empty } from '../../http/reply.ts';
import { sendStream } from '../../http/send-stream.ts';
import { pathStatHeader } from '../../translate/path-stat.ts';

const PATH_STAT = 'X-Docker-Container-Path-Stat';

/** `HEAD /containers/{id}/archive`: what is at a path, as a header. */
export async function statArchive(exchange: Exchange): Promise<void> {
  const { engine, query, response, caller, gone } = exchange;
  const container = param(exchange, 'id');
  const path = await decode(exchange, 'container.stat', () => textOf(query, 'path'));
  const stat = await engine.stat(container, path, caller, gone).catch((error: unknown) => Promise.reject(named(error, container)));
  response.setHeader(PATH_STAT, pathStatHeader(stat));
  empty(response, 200);
}

/** `GET /containers/{id}/archive`: the file or directory at a path as a tar, named after its last name. */
export async function getArchive(exchange: Exchange): Promise<void> {
  const { engine, query, response, caller, gone } = exchange;
  const container = param(exchange, 'id');
  const path = await decode(exchange, 'container.archive', () => textOf(query, 'path'));
  const { stat, tar } = await engine
    .archive(container, path, caller, gone)
    .catch((error: unknown) => Promise.reject(named(error, container)));
  response.setHeader(PATH_STAT, pathStatHeader(stat));
  await sendStream(exchange, 'application/x-tar', tar);
}

/** `PUT /containers/{id}/archive`: the body is a tar for the directory at a path. */
export async function putArchive(exchange: Exchange): Promise<void> {
  const { engine, query, response, caller, body, gone } = exchange;
  const container = param(exchange, 'id');
  const args = await decode(exchange, 'container.extract', () => ({
    container,
    path: textOf(query, 'path'),
    noOverwriteDirNonDir: booleanOf(query, 'noOverwriteDirNonDir'),
    copyOwner: booleanOf(query, 'copyUIDGID'),
  }));
  await engine
    .execute('container.extract', args, caller, { body, signal: gone })
    .catch((error: unknown) => Promise.reject(named(error, container)));
  empty(response, 200);
}

/** Docker says in which container it did not find a path: the one that the error has, without the secrets that a client may have put into its own. */
function named(error: unknown, container: string): unknown {
  if (!(error instanceof ShiplogError) || error.code !== 'PATH_NOT_FOUND') return error;
  const path = String(error.facts['path'] ?? '');
  return new ShiplogError(error.code, `Could not find the file ${path} in container ${container}`, error.facts, { cause: error });
}
