export { createDriver, nextSteps } from './create-driver.ts';
export { FAMILIES } from './families.ts';

export type { NewDriver } from './create-driver.ts';
export type { Family } from './families.ts';
