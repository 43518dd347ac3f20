import { decode, encode, type Answer, type Packet, type RecordType, RECURSION_DESIRED } from 'dns-packet';
import type { NameSource } from '@shiplog/contracts';

/** An EDNS record of a client that takes datagrams of `udpPayloadSize` bytes. */
export const edns = (udpPayloadSize: number, ednsVersion = 0): Answer => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize,
  extendedRcode: 0,
  ednsVersion,
  flags: 0,
  flag_do: false,
  options: [],
});

export function question(name: string, type: RecordType = 'A', more: Packet = {}): Buffer {
  return encode({ type: 'query', id: 4711, flags: RECURSION_DESIRED, questions: [{ name, type, class: 'IN' }], ...more });
}

/** What of an answer matters to a client. */
export interface Answered {
  readonly id: number | undefined;
  readonly code: number;
  readonly recursion: boolean;
  readonly cut: boolean;
  readonly questions: readonly string[];
  readonly answers: readonly string[];
}

export function answered(bytes: Uint8Array): Answered {
  const { id, flags = 0, flag_ra: recursion, flag_tc: cut, questions = [], answers = [] } = decode(Buffer.from(bytes));
  return {
    id,
    code: flags & 0xf,
    recursion,
    cut,
    questions: questions.map(({ name, type }) => `${name} ${type}`),
    answers: answers.map((answer) =>
      'data' in answer ? `${answer.name} ${answer.ttl} ${answer.type} ${String(answer.data)}` : answer.type,
    ),
  };
}

/** What one container knows: `web` at two addresses, and servers for the rest. */
export function knowing(upstream: readonly string[] = []): NameSource {
  return {
    addressesOf: (name) => ({ web: ['10.1.0.2', '10.1.0.3'], 'db.local': ['10.1.0.4'] })[name],
    nameOf: (address) => (address === '10.1.0.2' ? 'web' : undefined),
    upstream: async () => upstream,
  };
}
