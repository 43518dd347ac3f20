export { cgroupSuite } from './cgroup-suite.ts';
export { cgroupFixture } from './fixture.ts';
export { lackOfHierarchy } from './lack-of-hierarchy.ts';

export type { CgroupSuite } from './cgroup-suite.ts';
export type { TestFunction } from '../in-lab.ts';
export type { CgroupInstances } from './fixture.ts';
export type { CgroupAbilities, CgroupFactory, CgroupFixture, ReadableLimit } from './lab.ts';
