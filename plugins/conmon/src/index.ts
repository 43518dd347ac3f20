export { hasOwnPids, type Mount, type Process, type Spec } from './bundle.ts';
export { ConmonRuntimeDriver } from './driver.ts';
export { failure } from './failure.ts';
export { writeFifo } from './fifo.ts';
export { assertLives, endProcess, lives } from './process-ref.ts';
export { findProgram } from './programs.ts';
export { type Ended, runCommand } from './run-command.ts';
export type { Container, Runtime } from './runtime.ts';
export type { ChooseRuntime } from './runtimes.ts';
