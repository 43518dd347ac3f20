export { proveGuest, provePlugin } from './prove-plugin.ts';

export type { PluginProof, Test } from './prove-plugin.ts';
