export { startEngine } from './start-engine.ts';
export { redact } from './secrets/redact.ts';
export { withOperatorRules } from './secrets/rules.ts';
export { Ledger } from './state/ledger.ts';
export { foldTo } from './state/fold.ts';

export type { RunningEngine } from './start-engine.ts';
export type { SecretRules } from './secrets/rules.ts';
export type * from './ports.ts';
