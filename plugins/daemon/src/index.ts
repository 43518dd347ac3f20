export { readConfig, usage } from './config.ts';
export { DEFAULT_PLUGINS } from './default-plugins.ts';
export { VERSION } from './run-daemon.ts';

export type { DaemonConfig } from './config.ts';
