export { driverFixture } from './driver-fixture.ts';
export { storageSuite } from './storage-suite.ts';
export { diffIdOf, makeTar } from './tar.ts';

export type { DriverFixtureOptions } from './driver-fixture.ts';
export type { StorageFactory, StorageFixture } from './lab.ts';
export type { StorageSuite } from './storage-suite.ts';
export type { TestFunction } from '../in-lab.ts';
export type { TarEntry } from './tar.ts';
