export { storageSuite } from './storage-suite.ts';
export { diffIdOf, makeTar } from './tar.ts';

export type { StorageFactory, StorageFixture } from './lab.ts';
export type { StorageSuite, TestFunction } from './storage-suite.ts';
export type { TarEntry } from './tar.ts';
