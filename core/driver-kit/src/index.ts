// tsyringe refuses to load before it.
import 'reflect-metadata';
export { inject, injectable } from 'tsyringe';
export { defineDriver, definePlugin } from './define-plugin.ts';
export { instantiate } from './scope.ts';
export { HOME, KERNEL, LOG, LOGGER, OPTIONS } from './services.ts';

export type { DriverDefinition, PluginDefinition } from './define-plugin.ts';
export type { ScopedDriver } from './scope.ts';
export type { DriverHome, DriverOptions, DriverServices, Logger } from './services.ts';
