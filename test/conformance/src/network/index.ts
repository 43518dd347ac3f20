export { apart } from './apart.ts';
export { driverFixture } from './driver-fixture.ts';
export { networkSuite } from './network-suite.ts';

export type { NetworkCapabilities, NetworkFactory, NetworkFixture } from './lab.ts';
export type { DriverFixtureOptions } from './driver-fixture.ts';
export type { NetworkSuite } from './network-suite.ts';
export type { Wire } from './wire.ts';
export { layWire } from './wire.ts';
