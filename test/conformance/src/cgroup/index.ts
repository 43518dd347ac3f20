export { cgroupSuite } from './cgroup-suite.ts';

export type { CgroupSuite, TestFunction } from './cgroup-suite.ts';
export type { CgroupFactory, CgroupFixture, ReadableLimit } from './lab.ts';
