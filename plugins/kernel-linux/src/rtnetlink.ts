import { errnoName, kernelError } from './kernel-error.ts';
import { libc } from './libc.ts';

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_ACK_TLVS = 0x200;
const NLM_F_DUMP = 0x300;
/** For requests that make something: it must not be there yet. */
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
const NLMSGERR_ATTR_MSG = 1;
const HEADER = 16;

/** One request. `body` is the family's header and its attributes; `facts` go into the error if it is refused. */
export interface NetlinkRequest {
  readonly type: number;
  readonly flags?: number;
  readonly body: Uint8Array;
  readonly facts: { readonly [fact: string]: string | number | undefined };
  /** Errors that mean it is so already, by name. */
  readonly accept?: readonly string[];
}

export interface NetlinkMessage {
  readonly type: number;
  /** After the netlink header. */
  readonly body: Buffer;
}

const ONE = new Uint8Array(new Uint32Array([1]).buffer);
/** Requests are answered while they are sent; a wait means the kernel lost one. */
const TIMEOUT = new Uint8Array(new BigInt64Array([5n, 0n]).buffer);

/** A receive buffer for the thread: dumps come in pieces of at most 32 KiB. */
const RECEIVED = Buffer.alloc(65_536);

/** One attribute (netlink(7)): length, type, value, padding to four bytes. */
export function attribute(type: number, value: Uint8Array | readonly Uint8Array[]): Uint8Array {
  const parts: readonly Uint8Array[] = value instanceof Uint8Array ? [value] : value;
  const length = 4 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = Buffer.alloc((length + 3) & ~3);
  bytes.writeUInt16LE(length, 0);
  bytes.writeUInt16LE(type, 2);
  let at = 4;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A text attribute, zero-terminated. */
export function text(type: number, value: string): Uint8Array {
  return attribute(type, Buffer.from(`${value}\0`));
}

/** An attribute of 32 bits, host byte order. */
export function word(type: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return attribute(type, bytes);
}

/** The attributes in `bytes`, by type; the last of a type wins. */
export function attributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) break;
    // The two high bits say nested and network order.
    found.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

/** The text of a text attribute. */
export function textOf(value: Buffer | undefined): string {
  if (value === undefined) return '';
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end === -1 ? value.length : end);
}

/**
 * A NETLINK_ROUTE socket (rtnetlink(7)), synchronous, in the namespace the thread was in when it was opened.
 * rtnetlink handles a request while it is sent, so the answers wait in the socket when send(2) returns.
 */
export class RouteSocket {
  readonly #fd: number;
  #sequence = 0;

  constructor() {
    this.#fd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
    libc.setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, TIMEOUT);
    libc.setsockopt(this.#fd, SOL_NETLINK, NETLINK_EXT_ACK, ONE);
    libc.setsockopt(this.#fd, SOL_NETLINK, NETLINK_CAP_ACK, ONE);
  }

  close(): void {
    libc.close(this.#fd);
  }

  /** Sends all requests in one message; every one runs. Throws the first refusal that is not accepted. */
  talk(requests: readonly NetlinkRequest[]): void {
    if (requests.length === 0) return;
    const first = this.#sequence + 1;
    libc.send(this.#fd, Buffer.concat(requests.map((request) => this.#frame(request, NLM_F_ACK))));
    this.#acknowledged(requests, first);
  }

  /** One request that the kernel takes long over, sent by a pool thread. The answer is waiting when that returns. */
  async talkLater(request: NetlinkRequest): Promise<void> {
    const first = this.#sequence + 1;
    await libc.sendLater(this.#fd, this.#frame(request, NLM_F_ACK));
    this.#acknowledged([request], first);
  }

  #acknowledged(requests: readonly NetlinkRequest[], first: number): void {
    let failure: unknown;
    let missing = requests.length;
    while (missing > 0) {
      for (const { type, flags, sequence, body } of this.#receive()) {
        const request = requests[sequence - first];
        if (type !== NLMSG_ERROR || request === undefined) continue;
        missing -= 1;
        failure ??= refusal(request, flags, body);
      }
    }
    if (failure !== undefined) throw failure;
  }

  /** Asks for one object. The answer's type is not looked at. */
  get(request: NetlinkRequest): Buffer {
    libc.send(this.#fd, this.#frame(request, 0));
    const sequence = this.#sequence;
    for (;;) {
      for (const message of this.#receive()) {
        if (message.sequence !== sequence) continue;
        if (message.type !== NLMSG_ERROR) return Buffer.from(message.body);
        throw refusal(request, message.flags, message.body) ?? kernelError('rtnetlink', 'ENODATA', request.facts);
      }
    }
  }

  /** Asks for all objects of a kind. */
  dump(request: NetlinkRequest): readonly NetlinkMessage[] {
    libc.send(this.#fd, this.#frame(request, NLM_F_DUMP));
    const sequence = this.#sequence;
    const found: NetlinkMessage[] = [];
    for (;;) {
      for (const message of this.#receive()) {
        if (message.sequence !== sequence) continue;
        if (message.type === NLMSG_DONE) return found;
        if (message.type === NLMSG_ERROR) {
          const failure = refusal(request, message.flags, message.body);
          if (failure !== undefined) throw failure;
          return found;
        }
        found.push({ type: message.type, body: Buffer.from(message.body) });
      }
    }
  }

  #frame(request: NetlinkRequest, flags: number): Uint8Array {
    const length = HEADER + request.body.length;
    const bytes = Buffer.alloc((length + 3) & ~3);
    this.#sequence += 1;
    bytes.writeUInt32LE(length, 0);
    bytes.writeUInt16LE(request.type, 4);
    bytes.writeUInt16LE(NLM_F_REQUEST | flags | (request.flags ?? 0), 6);
    bytes.writeUInt32LE(this.#sequence, 8);
    bytes.set(request.body, HEADER);
    return bytes;
  }

  /** The messages of one datagram; the bodies are valid until the next receive. */
  #receive(): readonly { type: number; flags: number; sequence: number; body: Buffer }[] {
    const end = libc.recv(this.#fd, RECEIVED);
    const messages = [];
    let at = 0;
    while (at + HEADER <= end) {
      const length = RECEIVED.readUInt32LE(at);
      if (length < HEADER) break;
      messages.push({
        type: RECEIVED.readUInt16LE(at + 4),
        flags: RECEIVED.readUInt16LE(at + 6),
        sequence: RECEIVED.readUInt32LE(at + 8),
        body: RECEIVED.subarray(at + HEADER, at + length),
      });
      at += (length + 3) & ~3;
    }
    return messages;
  }
}

/** The error in an acknowledgement, undefined if it is none or an accepted one. The kernel's own words are kept as `reason`. */
function refusal(request: NetlinkRequest, flags: number, body: Buffer): unknown {
  const errno = -body.readInt32LE(0);
  if (errno === 0) return undefined;
  const name = errnoName(errno);
  if (request.accept?.includes(name) === true) return undefined;
  // With CAP_ACK the request's header follows the error number, not the whole request.
  const reason = (flags & NLM_F_ACK_TLVS) === 0 ? '' : textOf(attributes(body.subarray(4 + HEADER)).get(NLMSGERR_ATTR_MSG));
  return kernelError('rtnetlink', name, reason === '' ? request.facts : { ...request.facts, reason });
}
