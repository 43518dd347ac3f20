export { apart } from './apart.ts';
export { networkSuite } from './network-suite.ts';

export type { NetworkCapabilities, NetworkFactory, NetworkFixture } from './lab.ts';
export type { NetworkSuite } from './network-suite.ts';
