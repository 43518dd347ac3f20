export { codeOf } from './code-of.ts';
export { PLAIN_EXEC } from './plain-exec.ts';
export { PLAIN_SPEC } from '../plain-spec.ts';
