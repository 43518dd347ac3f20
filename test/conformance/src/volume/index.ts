export { volumeCrashSuite } from './crash.ts';
export { volumeSuite } from './volume-suite.ts';

export type { VolumeCrashSuite, VolumeHost, VolumeHostFactory } from './crash.ts';
export type { VolumeFactory, VolumeFixture } from './lab.ts';
export type { TestFunction, VolumeSuite } from './volume-suite.ts';
