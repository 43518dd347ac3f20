// tsyringe refuses to load before it.
import 'reflect-metadata';
export { inject, injectable } from 'tsyringe';
export { throwIfAborted } from './abort.ts';
export { buildDirectory, pathExists } from './build-directory.ts';
export { defineDriver, definePlugin } from './define-plugin.ts';
export { errnoOf } from './errno.ts';
export { KeyedLock } from './keyed-lock.ts';
export { answerAgain, readLayerRecord, writeDurably, writeLayerRecord } from './layer-record.ts';
export { applyLayer } from './layer-writer.ts';
export { findMountPoint, makeMountPoint, removeMountPoint, unmountPatiently } from './mount-point.ts';
export { bindMountsOf, mountHolding } from './mount-table.ts';
export { collectRemains, namesIn, safeRemove, syncDirectory, temporaryPath } from './safe-remove.ts';
export { instantiate } from './scope.ts';
export { HOME, KERNEL, LOG, LOGGER, OPTIONS } from './services.ts';
export { copyAttributes, copyTree } from './tree-copy.ts';
export { treeUsage } from './tree-usage.ts';
export { unpackLayer } from './unpack-layer.ts';
export { WorkPool } from './work-pool.ts';

export type { DriverDefinition, PluginDefinition } from './define-plugin.ts';
export type { LayerRecord } from './layer-record.ts';
export type { BindMount } from './mount-table.ts';
export type { LayerWrite, LayerWritten, WhiteoutMode } from './layer-writer.ts';
export type { ScopedDriver } from './scope.ts';
export type { DriverHome, DriverOptions, DriverServices, Logger } from './services.ts';
export type { TreeCopy } from './tree-copy.ts';
export type { TreeUsage } from './tree-usage.ts';
export type { LayerUnpack, LayerUnpacked } from './unpack-layer.ts';
