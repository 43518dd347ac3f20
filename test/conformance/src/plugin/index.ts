export { pluginSuite } from './plugin-suite.ts';

export type { PluginSuite } from './plugin-suite.ts';
