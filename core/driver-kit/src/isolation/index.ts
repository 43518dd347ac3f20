export { GuestConnection, GuestGone } from './guest-connection.ts';
export { importPlugin } from './guest-plugin.ts';
export { MESSAGE_LIMIT, WIRE_VERSION } from './message.ts';
export { isIsolatable, remoteDriver } from './remote-driver.ts';
export { serveGuest } from './serve-guest.ts';
export { startGuest } from './start-guest.ts';
export { lineWire, portWire } from './wire.ts';

export type { ConnectionHost } from './guest-connection.ts';
export type { Answer, Ask, Call, Cancel, Hello, Note, Result, ToGuest, ToHost, Welcome } from './message.ts';
export type { Guest, GuestHost, GuestSource } from './start-guest.ts';
export type { Wire } from './wire.ts';
