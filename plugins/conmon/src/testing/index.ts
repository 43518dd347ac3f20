export { runtimeFixture, type Tested } from './fixture.ts';
