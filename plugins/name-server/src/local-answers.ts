import type { Answer } from 'dns-packet';
import type { NameSource } from '@shiplog/contracts';
import type { Query } from './message.ts';

/** Seconds, as Docker's: programs that keep answers know a container that moved by its old address for so long. */
const TTL = 600;
const REVERSE = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/;

type Neighbours = Pick<NameSource, 'addressesOf' | 'nameOf'>;

/**
 * What the container's neighbours answer; undefined where the name is none of theirs. A name that is theirs has IPv4 addresses and nothing else: other
 * types have no answers, rather than those of another server, which would say that there is no such name. `random` is uniform in [0, 1).
 */
export function localAnswers({ name, type }: Query, source: Neighbours, random: () => number): readonly Answer[] | undefined {
  if (name === undefined || name === '') return undefined;
  const reverse = REVERSE.exec(name);
  if (reverse !== null) return type === 'PTR' ? pointer(name, reverse.slice(1).toReversed().join('.'), source) : undefined;
  const addresses = source.addressesOf(name);
  if (addresses === undefined) return undefined;
  return type === 'A' ? shuffled(addresses, random).map((data) => ({ type: 'A', name, ttl: TTL, data })) : [];
}

function pointer(name: string, address: string, source: Neighbours): readonly Answer[] | undefined {
  const data = source.nameOf(address);
  return data === undefined ? undefined : [{ type: 'PTR', name, ttl: TTL, data }];
}

/** Clients take the first, so that containers of one alias share what comes. */
function shuffled<T>(list: readonly T[], random: () => number): readonly T[] {
  return list
    .map((item) => ({ item, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
