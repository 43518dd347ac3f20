export { PLAIN_EXEC } from './plain-exec.ts';
export { PLAIN_SPEC } from './plain-spec.ts';
