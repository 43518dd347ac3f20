export { readConfig, usage } from './config.ts';
export { DEFAULT_PLUGINS, MODULES } from './default-plugins.ts';
export { createLogger } from './logger.ts';
export { VERSION } from './run-daemon.ts';
export { tearDown } from './tear-down.ts';

export type { DaemonConfig } from './config.ts';
