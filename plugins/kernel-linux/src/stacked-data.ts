import type { StackedKind } from '@shiplog/contracts';
import { attribute, word } from './rtnetlink.ts';

/** linux/if_link.h: IFLA_MACVLAN_MODE, IFLA_IPVLAN_MODE, IFLA_VLAN_ID are each the first of their kind. */
const FIRST = 1;
const IFLA_IPVLAN_FLAGS = 2;
const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
const IPVLAN_MODES = { l2: 0, l3: 1, l3s: 2 } as const;
const IPVLAN_FLAGS = { bridge: 0, private: 1, vepa: 2 } as const;

/** An attribute of 16 bits, host byte order. */
function half(type: number, value: number): Uint8Array {
  return attribute(type, Uint8Array.of(value & 0xff, value >> 8));
}

/** What a request to make a link of this kind says beyond its parent (IFLA_INFO_DATA). */
export function stackedData(kind: StackedKind): readonly Uint8Array[] {
  switch (kind.kind) {
    case 'macvlan':
      return [word(FIRST, MACVLAN_MODES[kind.mode])];
    case 'ipvlan':
      return [half(FIRST, IPVLAN_MODES[kind.mode]), half(IFLA_IPVLAN_FLAGS, IPVLAN_FLAGS[kind.flag])];
    case 'vlan':
      return [half(FIRST, kind.id)];
  }
}
