/**
 * The closed catalogue of error codes. A code is API and is never reused; its message may change.
 *
 * The class says whose turn it is: `invalid` bad input, `forbidden` policy, `not-found`, `conflict`
 * the state does not allow it, `unchanged` it is so already, `unsupported` not here or not yet, `unavailable` try again,
 * `host` the host lacks or refuses something, `driver` a driver failed, `corrupt` stored data cannot be trusted, `bug` ours.
 */
export const ERRORS = {
  REQUEST_INVALID: { class: 'invalid', help: 'A field or parameter is missing, misspelt or out of range; the message names it.' },
  NAME_INVALID: { class: 'invalid', help: 'Names match [a-zA-Z0-9][a-zA-Z0-9_.-]+.' },
  REFERENCE_INVALID: { class: 'invalid', help: 'An image reference is [host/]name[:tag][@digest], in lower case.' },
  REFERENCE_AMBIGUOUS: { class: 'invalid', help: 'The id prefix fits more than one object; give more characters.' },
  SPEC_INVALID: { class: 'invalid', help: 'The container configuration contradicts itself or names something impossible.' },
  SIGNAL_INVALID: { class: 'invalid', help: 'Give a signal by its name (TERM, SIGTERM) or number (15).' },
  FILTER_INVALID: { class: 'invalid', help: 'The filter key is unknown for this list, or its value cannot be read.' },
  ARCHIVE_INVALID: { class: 'invalid', help: 'The archive is cut, corrupt, or neither a docker-archive nor an OCI layout.' },
  ARCHIVE_ESCAPES: { class: 'invalid', help: 'An entry of the archive points outside its root; nothing of it was kept.' },
  DIGEST_MISMATCH: { class: 'invalid', help: 'The content does not have the digest it was announced with.' },
  CONFIG_INVALID: { class: 'invalid', help: 'A daemon flag or config file value cannot be used; the message names it.' },
  PLUGIN_INVALID: { class: 'invalid', help: 'The plugin manifest is incomplete or asks for an API this engine does not have.' },
  CONTAINER_NOT_FOUND: {
    class: 'not-found',
    help: 'No container has this id, name or id prefix now; try `shiplog inspect NAME --at TIME`.',
  },
  EXEC_NOT_FOUND: { class: 'not-found', help: 'No exec session has this id.' },
  IMAGE_NOT_FOUND: { class: 'not-found', help: 'Load, import or pull the image first.' },
  NETWORK_NOT_FOUND: { class: 'not-found', help: 'Create the network first, or use bridge, host or none.' },
  ENDPOINT_NOT_FOUND: { class: 'not-found', help: 'The container is not on this network; `shiplog inspect` tells on which it is.' },
  VOLUME_NOT_FOUND: { class: 'not-found', help: 'Create the volume first.' },
  PATH_NOT_FOUND: { class: 'not-found', help: 'The path does not exist where it was looked for.' },
  PATH_NOT_DIRECTORY: { class: 'invalid', help: 'An archive is unpacked into a directory; give one that is there.' },
  PATH_READ_ONLY: {
    class: 'forbidden',
    help: 'The root file system or the volume is read-only in this container; write to another place.',
  },
  DRIVER_NOT_FOUND: { class: 'not-found', help: 'No plugin provides a driver of this kind and name; see `shiplog info`.' },
  PLUGIN_NOT_FOUND: { class: 'not-found', help: 'No plugin of this name is installed; see `shiplog plugin ls`.' },
  VIEW_NOT_FOUND: { class: 'not-found', help: 'No projection of this name is installed and enabled; see `shiplog plugin ls`.' },
  SNAPSHOT_NOT_FOUND: { class: 'not-found', help: 'The storage driver holds no snapshot with this key.' },
  BLOB_NOT_FOUND: { class: 'not-found', help: 'The image store holds no blob with this digest; load the image again.' },
  SECRET_NOT_FOUND: { class: 'not-found', help: 'The secret was erased, or this log came from another engine.' },
  SUBJECT_NOT_FOUND: { class: 'not-found', help: 'Give uid:NUMBER, tls:SUBJECT, tcp:ADDRESS or a pseudonym as `shiplog audit` shows it.' },
  NOT_FOUND: {
    class: 'not-found',
    help: 'There is no such page or object. What is gone is found by the last name it had, and with `--at` by the one it had then.',
  },
  CONTAINER_NAME_IN_USE: { class: 'conflict', help: 'Remove or rename the container that holds the name.' },
  CONTAINER_RUNNING: { class: 'conflict', help: 'Stop the container first, or force the removal.' },
  CONTAINER_NOT_RUNNING: { class: 'conflict', help: 'Start the container first.' },
  CONTAINER_PAUSED: { class: 'conflict', help: 'Unpause the container first.' },
  CONTAINER_NOT_PAUSED: { class: 'conflict', help: 'The container is not paused.' },
  CONTAINER_BUSY: { class: 'conflict', help: 'Another operation on this container is under way; try again when it is done.' },
  CONTAINER_ALREADY_STARTED: { class: 'unchanged', help: 'The container runs already.' },
  CONTAINER_ALREADY_STOPPED: { class: 'unchanged', help: 'The container does not run.' },
  EXEC_ALREADY_RUN: { class: 'conflict', help: 'An exec session runs once; create another.' },
  IMAGE_IN_USE: { class: 'conflict', help: 'Remove the containers that use the image, or force the removal of the tag.' },
  IMAGE_EXISTS: { class: 'conflict', help: 'Another storage driver holds the image; load it without naming one, or migrate it.' },
  NETWORK_NAME_IN_USE: { class: 'conflict', help: 'Remove the network that holds the name, or choose another.' },
  REQUEST_DENIED: { class: 'forbidden', help: 'An authorizer denied the request; the message has its rule and its reason.' },
  REGISTRY_DENIED: {
    class: 'forbidden',
    help: 'The registry does not let you: log in (`docker login HOST`), and see whether the name is right and yours to use.',
  },
  ENDPOINT_EXISTS: {
    class: 'forbidden',
    help: 'The container is on this network already; disconnect it first to ask for another address.',
  },
  NETWORK_IN_USE: { class: 'forbidden', help: 'Disconnect or remove the containers on the network first.' },
  NETWORK_PREDEFINED: { class: 'forbidden', help: 'bridge, host and none cannot be removed or changed.' },
  NETWORK_SUBNET_OVERLAP: { class: 'forbidden', help: 'Choose a subnet that no other network or host route uses.' },
  ADDRESS_IN_USE: { class: 'forbidden', help: 'Choose another address, or let the engine choose.' },
  ADDRESS_POOL_EXHAUSTED: { class: 'host', help: 'The subnet has no free address left; remove containers or use a larger subnet.' },
  PORT_IN_USE: { class: 'host', help: 'Choose another host port, or stop what listens on it.' },
  VOLUME_IN_USE: { class: 'conflict', help: 'Remove the containers that use the volume first.' },
  VOLUME_EXISTS: { class: 'conflict', help: 'A volume of this name exists with another driver.' },
  PLUGIN_IN_USE: { class: 'conflict', help: "Remove what uses the plugin's drivers first; the message names it." },
  PRUNE_RUNNING: { class: 'conflict', help: 'A prune operation is already running.' },
  BUILD_INVALID: {
    class: 'invalid',
    help: 'The Dockerfile cannot be read, or asks for what is not there; the message or the facts name the line.',
  },
  BUILD_FAILED: {
    class: 'host',
    help: 'A command of the Dockerfile failed; what it printed is above. The facts have its exit code and its line.',
  },
  COMMAND_NOT_FOUND: { class: 'invalid', help: 'The image has no such executable; check the path, PATH and the entrypoint.' },
  COMMAND_NOT_EXECUTABLE: { class: 'invalid', help: 'The file is not executable, a directory, or of another architecture.' },
  NOT_SUPPORTED: { class: 'unsupported', help: 'This engine or driver cannot do that here; the message says what can.' },
  NOT_IMPLEMENTED: { class: 'unsupported', help: 'Docker has this route and Shiplog will; it is not there yet.' },
  DEADLINE_EXCEEDED: { class: 'unavailable', help: 'It took longer than allowed; the outcome in the log says how far it came.' },
  CANCELED: { class: 'unavailable', help: 'The caller went away or the engine is stopping.' },
  ENGINE_STOPPING: { class: 'unavailable', help: 'The engine is stopping; ask again when it is back.' },
  REGISTRY_UNAVAILABLE: {
    class: 'unavailable',
    help: 'The registry could not be reached, or kept answering that it cannot now; the message has the last reason.',
  },
  ENGINE_LOCKED: { class: 'host', help: 'Another engine uses this root; stop it or give another --root.' },
  HOST_UNSUITABLE: { class: 'host', help: 'The host lacks what the message names; install or enable it.' },
  NOT_ROOT: { class: 'host', help: 'Run it as root.' },
  DISK_FULL: { class: 'host', help: 'Free disk space or quota where the engine keeps its root.' },
  KERNEL_CALL_FAILED: { class: 'host', help: 'The kernel refused a call; the facts name the call, its arguments and errno.' },
  DRIVER_UNAVAILABLE: { class: 'host', help: 'The driver cannot run on this host; its probe says why.' },
  DRIVER_FAILED: { class: 'driver', help: 'A driver failed; the facts name it, the verb and the cause.' },
  RUNTIME_FAILED: { class: 'driver', help: 'The OCI runtime or its monitor failed; the message is its own.' },
  LOG_CONFLICT: { class: 'conflict', help: 'The stream moved on since it was read; read it again and retry.' },
  LOG_CONDITION_FAILED: { class: 'conflict', help: 'An event since the given position matches the condition.' },
  LOG_CORRUPT: { class: 'corrupt', help: 'The log has a hole or a changed byte in the range named; restore it before going on.' },
  LOG_CLOSED: { class: 'unavailable', help: 'The log is closed or its disk failed; nothing is acknowledged any more.' },
  LOG_TOO_NEW: { class: 'corrupt', help: 'The log was written by a newer release; use that one.' },
  CHECKPOINT_CONFLICT: {
    class: 'corrupt',
    help: 'The log or its key is not the one that signed the last checkpoint; find out who changed it, and restore it.',
  },
  WITNESS_REFUSED: { class: 'unavailable', help: 'A witness did not cosign; the message has its reason, and it is asked again.' },
  SIGNING_KEY_INVALID: { class: 'corrupt', help: 'Put the key back from a backup. Without it, start a new log with a new key.' },
  LOG_PRUNE_BLOCKED: {
    class: 'conflict',
    help: 'An operation under way, or somebody who follows, needs what would go: try again later, or prune with `--overtake`.',
  },
  LOG_PRUNED: {
    class: 'not-found',
    help: 'These events were removed for good, by `shiplog log prune` or by a retention policy; the facts name the first that is kept.',
  },
  LOG_POSITION_UNKNOWN: { class: 'not-found', help: 'The log has no such position or moment.' },
  INTERNAL: { class: 'bug', help: 'This is a fault of Shiplog; please report it with the facts.' },
} as const satisfies Record<string, { class: ErrorClass; help: string }>;

/** Whose turn it is after an error; see {@link ERRORS}. */
export type ErrorClass =
  | 'invalid'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'unchanged'
  | 'unsupported'
  | 'unavailable'
  | 'host'
  | 'driver'
  | 'corrupt'
  | 'bug';

/** One of the codes in {@link ERRORS}; an unknown code does not compile. */
export type ErrorCode = keyof typeof ERRORS;

/** What an error carries besides its code: plain data, no secrets. */
export type ErrorFacts = { readonly [fact: string]: unknown };

/** An error as it stands in an event or crosses a socket. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly facts?: { readonly [fact: string]: string | number | boolean | null };
}

/**
 * The one error that crosses a boundary of Shiplog.
 *
 * `message` is for a person and says what to do; `code` is for a program; `facts` are what was expected and what was found.
 */
export class ShiplogError extends Error {
  override readonly name = 'ShiplogError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.facts = facts;
  }

  /** The error's class; decides status codes and exit codes. */
  get class(): ErrorClass {
    return ERRORS[this.code].class;
  }

  /** This error as plain data: facts that are not plain are turned into text. */
  toRecord(): ErrorRecord {
    const facts: Record<string, string | number | boolean | null> = {};
    for (const [name, fact] of Object.entries(this.facts)) {
      if (fact === undefined) continue;
      facts[name] =
        fact === null || typeof fact === 'string' || typeof fact === 'number' || typeof fact === 'boolean' ? fact : JSON.stringify(fact);
    }
    return Object.keys(facts).length === 0 ? { code: this.code, message: this.message } : { code: this.code, message: this.message, facts };
  }

  /** The error a record stands for. */
  static from(record: ErrorRecord): ShiplogError {
    return new ShiplogError(record.code, record.message, record.facts);
  }

  /** `error` itself if it is a ShiplogError, else one with `code` (INTERNAL by default) that has it as its cause. */
  static wrap(error: unknown, code: ErrorCode = 'INTERNAL', facts: ErrorFacts = {}): ShiplogError {
    if (error instanceof ShiplogError) return error;
    const errno = (error as NodeJS.ErrnoException | undefined)?.code;
    if (errno === 'ENOSPC' || errno === 'EDQUOT') {
      return new ShiplogError('DISK_FULL', `no space left on device: ${messageOf(error)}`, facts, { cause: error });
    }
    return new ShiplogError(code, messageOf(error), errno === undefined ? facts : { errno, ...facts }, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
