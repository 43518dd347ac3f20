import type { ServerResponse } from 'node:http';
import { type Progress, ShiplogError } from '@shiplog/contracts';
import { failure } from './reply.ts';
import { messageOf, statusOf } from './status.ts';

/**
 * A response of JSON objects, each on a line that ends with CRLF. Nothing is sent before the first line, so that an early
 * failure is an ordinary error; a later one is a line of its own under status 200.
 */
export class ProgressStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  line(object: { readonly [key: string]: unknown }): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    if (!this.#response.headersSent) this.#response.writeHead(200, { 'Content-Type': 'application/json' });
    this.#response.write(`${JSON.stringify(object)}\r\n`);
  }

  /** A step of long work, in the form clients draw progress bars from. */
  progress(step: Progress): void {
    const detail = {
      ...(step.current === undefined ? {} : { current: step.current }),
      ...(step.total === undefined ? {} : { total: step.total }),
    };
    this.line({ status: step.status, progressDetail: detail, ...(step.id === undefined ? {} : { id: step.id }) });
  }

  /**
   * `code` is what a client ends with, and none is its own affair; the HTTP status if absent. Beside what Docker says stands the error as our own clients read it: they tell
   * what to do next.
   */
  fail(error: unknown, code?: number | 'none'): void {
    const reason = ShiplogError.wrap(error);
    if (!this.#response.headersSent) {
      failure(this.#response, reason);
      return;
    }
    const message = messageOf(reason);
    const detail = { ...(code === 'none' ? {} : { code: code ?? statusOf(reason) }), message, shiplog: reason.toRecord() };
    this.line({ errorDetail: detail, error: message });
    this.#response.end();
  }

  end(): void {
    this.#response.end();
  }
}
