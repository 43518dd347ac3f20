/**
 * What an engine answered instead of what was asked. `status` is HTTP's; `code` is one of Shiplog's where the answer had
 * one (Docker's API has none); `message` is the engine's own.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string | undefined;
  readonly facts: { readonly [fact: string]: unknown };

  constructor(status: number, message: string, code?: string, facts: { readonly [fact: string]: unknown } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.facts = facts;
  }

  /** Reads an error body: `{message}`, `{code, message, facts}`, or text. */
  static fromBody(status: number, body: string): ApiError {
    try {
      const parsed = JSON.parse(body) as unknown;
      if (typeof parsed === 'object' && parsed !== null) return ApiError.fromRecord(status, parsed);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    return new ApiError(status, body.trim() || `the engine answered with status ${status} and no message`);
  }

  static fromRecord(status: number, record: object): ApiError {
    const { message, code, facts } = record as { message?: unknown; code?: unknown; facts?: unknown };
    return new ApiError(
      status,
      typeof message === 'string' ? message : JSON.stringify(record),
      typeof code === 'string' ? code : undefined,
      typeof facts === 'object' && facts !== null ? { ...facts } : {},
    );
  }
}

/** No engine could be reached. `errno` is such as ENOENT, ECONNREFUSED or EACCES. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly host: string;
  readonly errno: string;

  constructor(host: string, cause: NodeJS.ErrnoException) {
    super(`cannot reach the engine at ${host}: ${cause.code ?? cause.message}`, { cause });
    this.host = host;
    this.errno = cause.code ?? '';
  }
}
