export { Frontier } from './frontier.ts';
export { EMPTY_ROOT, HASH_BYTES, hashBytes, hashOf, leafHash, nodeHash } from './hash.ts';
export { TlogError } from './tlog-error.ts';

export type { Hash } from './hash.ts';
export type { TlogReason } from './tlog-error.ts';
