import { type Answer, decode, encode, encodingLength, RECURSION_AVAILABLE, RECURSION_DESIRED, TRUNCATED_RESPONSE } from 'dns-packet';

/** The largest question that is read, in bytes; clients send some hundred. */
export const LARGEST_QUESTION = 4096;

/** What fits into a datagram for a client that does not say more (RFC 1035, 4.2.1). */
const PLAIN_DATAGRAM = 512;
const HEADER = 12;
/** OPT and TSIG; nothing else belongs behind a question. */
const MOST_ADDITIONALS = 2;
const LONGEST_NAME = 255;
const LONGEST_LABEL = 63;

/** Response codes (RFC 1035, 4.1.1; RFC 6891, 9). */
export const RCODE = { noError: 0, formatError: 1, serverFailure: 2, notImplemented: 4, refused: 5, badVersion: 16 } as const;

/** Types that are answered with more than one message. */
const TRANSFERS: readonly string[] = ['AXFR', 'IXFR'];

export type Transport = 'udp' | 'tcp';

/** A question as a client sent it. */
export interface Query {
  readonly id: number;
  readonly recursionDesired: boolean;
  /** In lower case, without a dot at its end; undefined where labels hold what cannot be told apart from dots. */
  readonly name: string | undefined;
  /** As in `A` or `UNKNOWN_65`. */
  readonly type: string;
  /** Bytes of the question alone, to be repeated; none where the message was not read that far. */
  readonly question: Uint8Array;
  /** The largest datagram that the client takes, where it says so (EDNS, RFC 6891). */
  readonly payloadSize?: number;
  /** The code to refuse it with, whoever is asked for. */
  readonly refusal?: number;
  readonly message: Uint8Array;
}

/** What is answered beside the question. */
export interface Reply {
  readonly code: number;
  readonly answers?: readonly Answer[];
  /** True if absent: other names are asked for as well. */
  readonly recursionAvailable?: boolean;
}

/** Reads a question (RFC 1035, 4.1). Undefined for what is none, which deserves no answer: noise, and the answers of others. */
export function parseQuery(bytes: Uint8Array): Query | undefined {
  if (bytes.length < HEADER || bytes.length > LARGEST_QUESTION) return undefined;
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return undefined;
  const unread: Query = {
    id: message.readUInt16BE(0),
    recursionDesired: (flags & RECURSION_DESIRED) !== 0,
    name: undefined,
    type: '',
    question: message.subarray(0, 0),
    message,
  };
  if (((flags >> 11) & 0xf) !== 0) return { ...unread, refusal: RCODE.notImplemented };
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((offset) => message.readUInt16BE(offset));
  // Before anything is decoded, so that the work is bounded whatever the message claims to hold.
  if (questions !== 1 || answers !== 0 || authorities !== 0 || additionals === undefined || additionals > MOST_ADDITIONALS) {
    return { ...unread, refusal: RCODE.formatError };
  }
  return parseQuestion(message, unread);
}

function parseQuestion(message: Buffer, unread: Query): Query | undefined {
  const found = spanOfName(message);
  const packet = decoded(message);
  const [asked] = packet?.questions ?? [];
  if (found === undefined || asked === undefined || packet === undefined) return undefined;
  const options = (packet.additionals ?? []).filter((record) => record.type === 'OPT');
  const [option] = options;
  const name = asked.name === '.' ? '' : asked.name.toLowerCase();
  const query: Query = {
    ...unread,
    // A dot within a label would make it two; what is not UTF-8 has become U+FFFD, and is nobody's name.
    name: (name === '' ? 0 : name.split('.').length) === found.labels && !name.includes('\uFFFD') ? name : undefined,
    type: asked.type,
    question: message.subarray(HEADER, found.end + 4),
    ...(option !== undefined && { payloadSize: option.udpPayloadSize }),
  };
  if (options.length > 1) return { ...query, refusal: RCODE.formatError };
  if (option !== undefined && option.ednsVersion !== 0) return { ...query, refusal: RCODE.badVersion };
  if (asked.class !== 'IN' || TRANSFERS.includes(asked.type)) return { ...query, refusal: RCODE.notImplemented };
  return query;
}

/** Where the name of the first question ends, and how many labels it has. Undefined if it is none: nothing is before it that it could point to. */
function spanOfName(message: Uint8Array): { readonly end: number; readonly labels: number } | undefined {
  let labels = 0;
  for (let offset = HEADER; offset - HEADER < LONGEST_NAME; labels++) {
    const length = message[offset];
    if (length === undefined || length > LONGEST_LABEL) return undefined;
    offset += length + 1;
    if (length === 0) return { end: offset, labels };
  }
  return undefined;
}

function decoded(message: Buffer): ReturnType<typeof decode> | undefined {
  try {
    return decode(message);
  } catch {
    // Whatever it threw, the message is none.
    return undefined;
  }
}

/** The bytes of an answer to `query`. What does not fit is left out and the answer marked as cut (RFC 2181, 9). */
export function encodeReply(query: Query, reply: Reply, transport: Transport): Uint8Array {
  const { code, answers = [], recursionAvailable = true } = reply;
  const { payloadSize } = query;
  const additionals: Answer[] =
    payloadSize === undefined
      ? []
      : [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: LARGEST_QUESTION,
            extendedRcode: code >> 4,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ];
  const room = roomFor(query, transport) - query.question.length;
  const fitting = [...answers];
  for (let length = encodingLength({ answers: fitting, additionals }); length > room && fitting.length > 0;) {
    const last = fitting.pop();
    if (last !== undefined) length -= encodingLength({ answers: [last] }) - HEADER;
  }
  const flags =
    (query.recursionDesired ? RECURSION_DESIRED : 0) |
    (recursionAvailable ? RECURSION_AVAILABLE : 0) |
    (fitting.length < answers.length ? TRUNCATED_RESPONSE : 0) |
    (code & 0xf);
  const bytes = encode({ type: 'response', id: query.id, flags, answers: fitting, additionals });
  if (query.question.length === 0) return bytes;
  bytes.writeUInt16BE(1, 4);
  // Repeated byte by byte: clients hide a nonce in the case of its letters.
  return Buffer.concat([bytes.subarray(0, HEADER), query.question, bytes.subarray(HEADER)]);
}

function roomFor({ payloadSize = PLAIN_DATAGRAM }: Query, transport: Transport): number {
  return transport === 'tcp' ? 0xffff : Math.min(Math.max(payloadSize, PLAIN_DATAGRAM), LARGEST_QUESTION);
}

/** The message of a question for another server, with an id of ours. */
export function withId(message: Uint8Array, id: number): Uint8Array {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
}

/** The code of what answers `query`, asked for with `id`; undefined for what does not answer it (RFC 5452, 9.1). */
export function codeOfResponse(response: Uint8Array, { question }: Query, id: number): number | undefined {
  if (response.length < HEADER + question.length) return undefined;
  const message = Buffer.from(response.buffer, response.byteOffset, response.length);
  const isResponse = (message.readUInt16BE(2) & 0x8000) !== 0;
  if (!isResponse || message.readUInt16BE(0) !== id || message.readUInt16BE(4) !== 1) return undefined;
  return sameQuestion(message.subarray(HEADER, HEADER + question.length), question) ? message.readUInt16BE(2) & 0xf : undefined;
}

/** Letters of a name count as equal in either case (RFC 4343); lengths of labels are below them. Type and class are the last four bytes. */
function sameQuestion(one: Uint8Array, other: Uint8Array): boolean {
  const lower = (byte: number | undefined = 0): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);
  const name = one.length - 4;
  return one.every((byte, index) => byte === other[index] || (index < name && lower(byte) === lower(other[index])));
}
