export { COMMANDS, findCommand } from './commands.ts';
export { dispatch } from './dispatch.ts';
export { EXIT, EXIT_CODES } from './exit-codes.ts';

export type { Command } from './commands.ts';
export type { Context, Input, Output, SignalSource } from './context.ts';
export type { Flags, Options, Verb } from './verb.ts';
