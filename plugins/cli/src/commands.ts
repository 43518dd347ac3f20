import type { Verb } from './verb.ts';

/** A verb of the command line: a line for the overview, and where its code is. Loading is left to the one that runs. */
export interface Command {
  readonly group: 'containers' | 'images' | 'log' | 'networks' | 'volumes' | 'plugins' | 'more';
  readonly summary: string;
  load(): Promise<{ readonly default: Verb }>;
}

/** Every verb, by what is typed. */
export const COMMANDS: { readonly [name: string]: Command } = {
  run: { group: 'containers', summary: 'Create a container and start it', load: () => import('./verbs/run.ts') },
  create: { group: 'containers', summary: 'Create a container', load: () => import('./verbs/create.ts') },
  start: { group: 'containers', summary: 'Start containers', load: () => import('./verbs/start.ts') },
  stop: { group: 'containers', summary: 'Stop containers: ask, wait, kill', load: () => import('./verbs/stop.ts') },
  restart: { group: 'containers', summary: 'Stop and start containers', load: () => import('./verbs/restart.ts') },
  kill: { group: 'containers', summary: 'Send a signal to containers', load: () => import('./verbs/kill.ts') },
  pause: { group: 'containers', summary: 'Freeze all processes of containers', load: () => import('./verbs/pause.ts') },
  unpause: { group: 'containers', summary: 'Let frozen containers go on', load: () => import('./verbs/unpause.ts') },
  update: { group: 'containers', summary: 'Change limits of containers, also while they run', load: () => import('./verbs/update.ts') },
  rename: { group: 'containers', summary: 'Give a container another name', load: () => import('./verbs/rename.ts') },
  'container migrate': {
    group: 'containers',
    summary: 'Take containers to another storage driver',
    load: () => import('./verbs/container-migrate.ts'),
  },
  rm: { group: 'containers', summary: 'Remove containers', load: () => import('./verbs/rm.ts') },
  'container prune': {
    group: 'containers',
    summary: 'Remove containers that do not run',
    load: () => import('./verbs/container-prune.ts'),
  },
  ps: { group: 'containers', summary: 'List containers', load: () => import('./verbs/ps.ts') },
  exec: { group: 'containers', summary: 'Run a command in a running container', load: () => import('./verbs/exec.ts') },
  attach: { group: 'containers', summary: 'Connect to a running container', load: () => import('./verbs/attach.ts') },
  cp: { group: 'containers', summary: 'Copy files into containers and out of them', load: () => import('./verbs/cp.ts') },
  export: { group: 'containers', summary: "Write a container's files into an archive", load: () => import('./verbs/export.ts') },
  logs: { group: 'containers', summary: 'Show what a container printed', load: () => import('./verbs/logs.ts') },
  top: { group: 'containers', summary: "Show a container's processes", load: () => import('./verbs/top.ts') },
  port: { group: 'containers', summary: 'Show where the ports of a container are published', load: () => import('./verbs/port.ts') },
  changes: { group: 'containers', summary: 'Show how a container differs from its image', load: () => import('./verbs/changes.ts') },
  stats: { group: 'containers', summary: 'Show what containers use, every second', load: () => import('./verbs/stats.ts') },
  wait: { group: 'containers', summary: 'Wait until containers exit, and print their exit codes', load: () => import('./verbs/wait.ts') },
  images: { group: 'images', summary: 'List images', load: () => import('./verbs/images.ts') },
  pull: { group: 'images', summary: 'Bring an image from an image source', load: () => import('./verbs/pull.ts') },
  push: { group: 'images', summary: 'Bring an image to a registry', load: () => import('./verbs/push.ts') },
  build: { group: 'images', summary: 'Build an image as a Dockerfile says', load: () => import('./verbs/build.ts') },
  load: { group: 'images', summary: 'Load images from an archive', load: () => import('./verbs/load.ts') },
  save: { group: 'images', summary: 'Write images into an archive', load: () => import('./verbs/save.ts') },
  import: { group: 'images', summary: 'Make an image from a root file system', load: () => import('./verbs/import.ts') },
  commit: { group: 'images', summary: 'Make an image of a container', load: () => import('./verbs/commit.ts') },
  tag: { group: 'images', summary: 'Give an image another name', load: () => import('./verbs/tag.ts') },
  'image migrate': { group: 'images', summary: 'Take images to another storage driver', load: () => import('./verbs/image-migrate.ts') },
  rmi: { group: 'images', summary: 'Remove images', load: () => import('./verbs/rmi.ts') },
  'image prune': { group: 'images', summary: 'Remove images that nothing uses', load: () => import('./verbs/image-prune.ts') },
  history: { group: 'images', summary: 'Show how an image was made', load: () => import('./verbs/history.ts') },
  events: { group: 'log', summary: 'Show what happened, and what happens', load: () => import('./verbs/events.ts') },
  inspect: {
    group: 'log',
    summary: 'Show all facts about an object, at any moment, removed ones too',
    load: () => import('./verbs/inspect.ts'),
  },
  audit: { group: 'log', summary: 'Show who did what, with what outcome', load: () => import('./verbs/audit.ts') },
  'audit erase': { group: 'log', summary: 'Make one person unreadable in the log, for good', load: () => import('./verbs/audit-erase.ts') },
  'log export': { group: 'log', summary: 'Write the log for other tools', load: () => import('./verbs/log-export.ts') },
  diff: { group: 'log', summary: 'Show what changed in the engine between two moments', load: () => import('./verbs/diff.ts') },
  why: { group: 'log', summary: 'Show the chain of causes that made something what it is', load: () => import('./verbs/why.ts') },
  'log repair': { group: 'log', summary: 'Mend a damaged log from an export or a copy', load: () => import('./verbs/log-repair.ts') },
  'log verify': { group: 'log', summary: 'Check the log for holes and changed bytes', load: () => import('./verbs/log-verify.ts') },
  'log seal': { group: 'log', summary: 'Move old events into compressed archives', load: () => import('./verbs/log-seal.ts') },
  'log prune': {
    group: 'log',
    summary: 'Remove old events for good, with all other proofs still valid',
    load: () => import('./verbs/log-prune.ts'),
  },
  'log hash': { group: 'log', summary: 'Fold the log and hash the state it leads to', load: () => import('./verbs/log-hash.ts') },
  'replay fold': {
    group: 'log',
    summary: 'Fold a log here, without an engine, and hash the state',
    load: () => import('./verbs/replay-fold.ts'),
  },
  'replay redecide': {
    group: 'log',
    summary: "Decide every recorded command anew, by this release's rules",
    load: () => import('./verbs/replay-redecide.ts'),
  },
  'replay simulate': {
    group: 'log',
    summary: 'Run the engine on simulated drivers: what would have happened if',
    load: () => import('./verbs/replay-simulate.ts'),
  },
  'replay reenact': {
    group: 'log',
    summary: 'Do it all again on real drivers, in a private root',
    load: () => import('./verbs/replay-reenact.ts'),
  },
  'log key': { group: 'log', summary: "Print the log's public key", load: () => import('./verbs/log-key.ts') },
  'log checkpoint': { group: 'log', summary: 'Sign the log as it is now, and print that', load: () => import('./verbs/log-checkpoint.ts') },
  'log prove': {
    group: 'log',
    summary: 'Prove that an event is in the log, or that nothing was changed',
    load: () => import('./verbs/log-prove.ts'),
  },
  'log check': { group: 'log', summary: 'Check a proof or a mirror, without an engine', load: () => import('./verbs/log-check.ts') },
  'network ls': { group: 'networks', summary: 'List networks', load: () => import('./verbs/network-ls.ts') },
  'network inspect': { group: 'networks', summary: 'Show all facts about networks', load: () => import('./verbs/network-inspect.ts') },
  'network create': { group: 'networks', summary: 'Create a network', load: () => import('./verbs/network-create.ts') },
  'network connect': { group: 'networks', summary: 'Connect a container to a network', load: () => import('./verbs/network-connect.ts') },
  'network disconnect': {
    group: 'networks',
    summary: 'Disconnect a container from a network',
    load: () => import('./verbs/network-disconnect.ts'),
  },
  'network rm': { group: 'networks', summary: 'Remove networks', load: () => import('./verbs/network-rm.ts') },
  'network prune': { group: 'networks', summary: 'Remove networks that nothing uses', load: () => import('./verbs/network-prune.ts') },
  'volume ls': { group: 'volumes', summary: 'List volumes', load: () => import('./verbs/volume-ls.ts') },
  'volume inspect': { group: 'volumes', summary: 'Show all facts about volumes', load: () => import('./verbs/volume-inspect.ts') },
  'volume create': { group: 'volumes', summary: 'Create a volume', load: () => import('./verbs/volume-create.ts') },
  'volume rm': { group: 'volumes', summary: 'Remove volumes', load: () => import('./verbs/volume-rm.ts') },
  'volume prune': { group: 'volumes', summary: 'Remove volumes that nothing uses', load: () => import('./verbs/volume-prune.ts') },
  'plugin ls': { group: 'plugins', summary: 'List plugins and their drivers', load: () => import('./verbs/plugin-ls.ts') },
  'plugin inspect': { group: 'plugins', summary: 'Show all facts about plugins', load: () => import('./verbs/plugin-inspect.ts') },
  'plugin enable': { group: 'plugins', summary: 'Let disabled plugins be used again', load: () => import('./verbs/plugin-enable.ts') },
  'plugin disable': { group: 'plugins', summary: 'Let plugins be used no more', load: () => import('./verbs/plugin-disable.ts') },
  'plugin reload': { group: 'plugins', summary: 'Load plugins anew, while containers run', load: () => import('./verbs/plugin-reload.ts') },
  'plugin new': { group: 'plugins', summary: 'Begin a driver, with the test that proves it', load: () => import('./verbs/plugin-new.ts') },
  'plugin test': { group: 'plugins', summary: 'Prove a plugin by the published kits', load: () => import('./verbs/plugin-test.ts') },
  'plugin replay': {
    group: 'plugins',
    summary: 'Do a recorded operation again with another driver, call by call',
    load: () => import('./verbs/plugin-replay.ts'),
  },
  'plugin logs': { group: 'plugins', summary: 'Show what a plugin said of late', load: () => import('./verbs/plugin-logs.ts') },
  view: { group: 'log', summary: 'Show what a projection makes of the log', load: () => import('./verbs/view.ts') },
  df: { group: 'more', summary: 'Show what takes space on disk', load: () => import('./verbs/df.ts') },
  'system prune': { group: 'more', summary: 'Remove whatever nothing uses', load: () => import('./verbs/system-prune.ts') },
  info: { group: 'more', summary: 'Show facts about the engine and its host', load: () => import('./verbs/info.ts') },
  version: { group: 'more', summary: 'Show versions of client and engine', load: () => import('./verbs/version.ts') },
  completion: { group: 'more', summary: 'Print completion for a shell', load: () => import('./verbs/completion.ts') },
  help: { group: 'more', summary: 'Explain a verb, or `exit-codes`', load: () => import('./verbs/help.ts') },
};

/** The verb that `argv` begins with, and what follows it. Undefined when there is none. */
export function findCommand(
  argv: readonly string[],
): { readonly name: string; readonly command: Command; readonly rest: readonly string[] } | undefined {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(' ');
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command !== undefined && argv.length >= words) return { name, command, rest: argv.slice(words) };
  }
  return undefined;
}

/** Verbs that begin with `word`: `network` has four. */
export function subCommands(word: string): readonly string[] {
  return Object.keys(COMMANDS).filter((name) => name.startsWith(`${word} `));
}
