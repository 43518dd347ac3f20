export { PLAIN_SPEC } from './plain-spec.ts';
