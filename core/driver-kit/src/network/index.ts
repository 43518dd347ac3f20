export { addressNotSupported, freeHostPorts, portAllocated, refuseListened } from './host-ports.ts';
export { InterfaceRecords } from './interface-records.ts';
export { idDigits, isLinkAlias, linkAlias, networkLinkName, networkMac, parseLinkAlias } from './link-mark.ts';
export { networkMtu } from './network-mtu.ts';
export { StackedNetworks } from './stacked-networks.ts';

export type { HostPort } from './host-ports.ts';
export type { InterfacePlace } from './interface-records.ts';
export type { LinkMark } from './link-mark.ts';
export type { Stacking } from './stacked-networks.ts';
