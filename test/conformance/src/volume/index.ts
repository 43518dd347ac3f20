export { volumeCrashSuite } from './crash.ts';
export { volumeSuite } from './volume-suite.ts';

export type { VolumeCrashSuite, VolumeHost, VolumeHostFactory } from './crash.ts';
export type { VolumeFactory, VolumeFixture } from './lab.ts';
export type { VolumeSuite } from './volume-suite.ts';
export type { TestFunction } from '../in-lab.ts';
