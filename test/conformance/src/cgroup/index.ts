export { cgroupSuite } from './cgroup-suite.ts';

export type { CgroupSuite } from './cgroup-suite.ts';
export type { TestFunction } from '../in-lab.ts';
export type { CgroupAbilities, CgroupFactory, CgroupFixture, ReadableLimit } from './lab.ts';
