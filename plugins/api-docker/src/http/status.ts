import { type ErrorClass, ShiplogError } from '@shiplog/contracts';

const STATUS: { readonly [C in ErrorClass]: number } = {
  invalid: 400,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  unchanged: 304,
  unsupported: 501,
  unavailable: 503,
  host: 500,
  driver: 500,
  corrupt: 500,
  bug: 500,
};

/** HTTP status for an error, by its class. */
export function statusOf(error: ShiplogError): number {
  return STATUS[error.class];
}

/**
 * The text a client is told. The docker CLI chooses its exit code by words in it (127 for a missing command, 126 for one
 * that cannot be executed), so the words are added where a driver's own message lacks them.
 */
export function messageOf(error: ShiplogError): string {
  const { message } = error;
  if (error.code === 'COMMAND_NOT_FOUND' && !/executable file not found|no such file or directory/.test(message)) {
    return `${message}: executable file not found in $PATH`;
  }
  if (error.code === 'COMMAND_NOT_EXECUTABLE' && !/permission denied|is a directory/.test(message)) {
    return `${message}: permission denied`;
  }
  return message;
}
