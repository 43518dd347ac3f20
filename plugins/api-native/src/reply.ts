import type { ServerResponse } from 'node:http';
import type { ErrorClass, ShiplogError } from '@shiplog/contracts';

const STATUS: { readonly [C in ErrorClass]: number } = {
  invalid: 400,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  unchanged: 409,
  unsupported: 501,
  unavailable: 503,
  host: 500,
  driver: 500,
  corrupt: 500,
  bug: 500,
};

/** Answers with one JSON document. */
export function replyJson(response: ServerResponse, status: number, document: unknown): void {
  const body = Buffer.from(`${JSON.stringify(document)}\n`);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

/**
 * Answers with `{code, message, facts?}` and the status of the error's class. Once lines have been sent the status is gone:
 * then the last line is `{"error": {code, message, facts?}}`.
 */
export function replyError(response: ServerResponse, error: ShiplogError, status = STATUS[error.class]): void {
  if (response.headersSent) response.end(`${JSON.stringify({ error: error.toRecord() })}\n`);
  else replyJson(response, status, error.toRecord());
}
