/** Exit codes of the verbs that stand for a process. */
export const PROCESS_EXITS = {
  '125': 'the engine refused or failed, or the command line is wrong',
  '126': 'the command was found but cannot be executed',
  '127': 'the command was not found',
  '128+N': 'the process ended by signal N',
  other: 'the exit code of the process',
} as const;
