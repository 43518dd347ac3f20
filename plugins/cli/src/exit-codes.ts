/** What the exit status of `shiplog` says. API: a code is never reused. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 125,
  engine: 125,
  notExecutable: 126,
  notFound: 127,
} as const;

/** The text of `shiplog help exit-codes`. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'It is done.'],
  [
    '1',
    'The engine refused or failed, could not be reached, (log verify) the log is damaged, (log check) the proof proves nothing, or (replay redecide, replay reenact, plugin replay) something differs.',
  ],
  ['125', 'The command line is wrong; for run, create, exec and attach also: the engine refused, failed or could not be reached.'],
  ['126', 'run, start -a, exec: the command was found but cannot be executed.'],
  ['127', 'run, start -a, exec: the command was not found.'],
  ['128+N', 'run, start -a, exec, attach: the process ended by signal N. replay reenact, plugin replay: 130, interrupted.'],
  ['other', 'run, start -a, exec, attach: the exit code of the process; build: of the command of a RUN that failed.'],
];
