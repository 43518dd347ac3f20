import type { IncomingMessage } from 'node:http';
import { ShiplogError } from '@shiplog/contracts';
import { jsonValue } from '@shiplog/oci';
import { readBody } from './http-client.ts';

const ERROR_LIMIT_BYTES = 64 * 1024;
const TEXT_LIMIT = 300;

/** A failure after which the same request may succeed: the network, or a registry that cannot now. */
export class Passing extends Error {
  /** Milliseconds to wait before it is worth trying again, where the registry says. */
  readonly afterMs: number | undefined;

  constructor(message: string, options: { readonly cause?: unknown; readonly afterMs?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.afterMs = options.afterMs;
  }
}

/** Statuses that say: later. */
export function isPassing(status: number): boolean {
  return status === 429 || status === 408 || status >= 500;
}

/** What a registry says of an error (distribution-spec, Error Codes); its text is anybody's, so that it is shortened and printable. */
export async function reasonOf(response: IncomingMessage): Promise<string> {
  const status = `${response.statusCode ?? 0} ${response.statusMessage ?? ''}`.trim();
  const body = await readBody(response, ERROR_LIMIT_BYTES).catch(() => undefined);
  const told = body === undefined ? undefined : errorsIn(body);
  return printable(told === undefined || told === '' ? status : `${told} (${status})`);
}

/** The error that an answer stands for which is no success. */
export async function failureOf(response: IncomingMessage, what: string): Promise<ShiplogError> {
  const status = response.statusCode ?? 0;
  const reason = await reasonOf(response);
  if (status === 401 || status === 403) return new ShiplogError('REGISTRY_DENIED', `${what}: access denied: ${reason}`, { status });
  return new ShiplogError('DRIVER_FAILED', `${what}: ${reason}`, { status });
}

/** Milliseconds that a Retry-After header (RFC 9110, 10.2.3) asks for. */
export function retryAfter(response: IncomingMessage, now: number): number | undefined {
  const text = response.headers['retry-after'];
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function errorsIn(body: Uint8Array): string | undefined {
  let value: unknown;
  try {
    value = jsonValue(body, 'answer', ERROR_LIMIT_BYTES);
  } catch {
    // A proxy's page says nothing that the status does not.
    return undefined;
  }
  const { errors, details } = (value ?? {}) as { readonly errors?: unknown; readonly details?: unknown };
  if (typeof details === 'string') return details;
  if (!Array.isArray(errors)) return undefined;
  return errors
    .map((error: unknown) => {
      const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
      return [code, message].filter((part) => typeof part === 'string' && part !== '').join(': ');
    })
    .join('; ');
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, TEXT_LIMIT);
}
