export { verbSuite } from './verb-suite.ts';

export type { VerbFixture, VerbSuite } from './verb-suite.ts';
