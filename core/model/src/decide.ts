import {
  type AppendCondition,
  type Command,
  type CommandOf,
  type CommandType,
  type ErrorRecord,
  type ExpectedRevision,
  type NewEvent,
  ShiplogError,
  type StateView,
  type StreamName,
} from '@shiplog/contracts';
import { decideContainerCreate } from './decide/container-create.ts';
import { decideContainerExtract } from './decide/container-extract.ts';
import { decideContainerKill } from './decide/container-kill.ts';
import { decideContainerMigrate } from './decide/container-migrate.ts';
import { decideContainerPause } from './decide/container-pause.ts';
import { decideContainerPrune } from './decide/container-prune.ts';
import { decideContainerArchive, decideContainerExport, decideContainerStat } from './decide/container-read.ts';
import { decideContainerRelease } from './decide/container-release.ts';
import { decideContainerRemove } from './decide/container-remove.ts';
import { decideContainerRename } from './decide/container-rename.ts';
import { decideContainerResize } from './decide/container-resize.ts';
import { decideContainerRestart } from './decide/container-restart.ts';
import { decideContainerStart } from './decide/container-start.ts';
import { decideContainerStop } from './decide/container-stop.ts';
import { decideContainerUnpause } from './decide/container-unpause.ts';
import { decideContainerUpdate } from './decide/container-update.ts';
import { decideExecCreate } from './decide/exec-create.ts';
import { decideExecResize } from './decide/exec-resize.ts';
import { decideExecStart } from './decide/exec-start.ts';
import { decideImageBuild } from './decide/image-build.ts';
import { decideImageCommit } from './decide/image-commit.ts';
import { decideImageImport } from './decide/image-import.ts';
import { decideImageLoad } from './decide/image-load.ts';
import { decideImagePrune } from './decide/image-prune.ts';
import { decideImageRemove } from './decide/image-remove.ts';
import { decideImageMigrate } from './decide/image-migrate.ts';
import { decideImagePull } from './decide/image-pull.ts';
import { decideImagePush } from './decide/image-push.ts';
import { decideImageTag } from './decide/image-tag.ts';
import { decideNetworkCreate } from './decide/network-create.ts';
import { decideNetworkConnect } from './decide/network-connect.ts';
import { decideNetworkDisconnect } from './decide/network-disconnect.ts';
import { decideNetworkPrune } from './decide/network-prune.ts';
import { decideNetworkRemove } from './decide/network-remove.ts';
import { decideLogPrune } from './decide/log-prune.ts';
import { decideLogSeal } from './decide/log-seal.ts';
import { decideSubjectErase } from './decide/subject-erase.ts';
import { decidePluginDisable, decidePluginEnable, decidePluginReload } from './decide/plugin.ts';
import { streamOf } from './decide/stream-of.ts';
import type { Decider, Verdict } from './decide/verdict.ts';
import { decideVolumeCreate } from './decide/volume-create.ts';
import { decideVolumePrune } from './decide/volume-prune.ts';
import { decideVolumeRemove } from './decide/volume-remove.ts';

/** A command that may go ahead: append `intent` with `expected` and `conditions`, then take effect. */
export interface Accepted {
  readonly ok: true;
  readonly stream: StreamName;
  readonly intent: NewEvent;
  readonly conditions: readonly AppendCondition[];
  readonly expected: { readonly [S in StreamName]?: ExpectedRevision };
  /** No driver has anything to do: append intent and outcome together. */
  readonly effectless: boolean;
}

/** A command that may not: append `intent`, which decided nothing, and a `failed` outcome with status `refused` together. */
export interface Refused {
  readonly ok: false;
  readonly stream: StreamName;
  readonly intent: NewEvent;
  readonly refusal: ErrorRecord;
}

export type Decision = Accepted | Refused;

const DECIDERS: { readonly [T in CommandType]: Decider<T> } = {
  'container.create': decideContainerCreate,
  'container.start': decideContainerStart,
  'container.stop': decideContainerStop,
  'container.restart': decideContainerRestart,
  'container.kill': decideContainerKill,
  'container.pause': decideContainerPause,
  'container.unpause': decideContainerUnpause,
  'container.rename': decideContainerRename,
  'container.migrate': decideContainerMigrate,
  'container.update': decideContainerUpdate,
  'container.resize': decideContainerResize,
  'container.extract': decideContainerExtract,
  'container.stat': decideContainerStat,
  'container.archive': decideContainerArchive,
  'container.export': decideContainerExport,
  'container.remove': decideContainerRemove,
  'container.release': decideContainerRelease,
  'container.prune': decideContainerPrune,
  'exec.create': decideExecCreate,
  'exec.start': decideExecStart,
  'exec.resize': decideExecResize,
  'image.load': decideImageLoad,
  'image.import': decideImageImport,
  'image.commit': decideImageCommit,
  'image.build': decideImageBuild,
  'image.pull': decideImagePull,
  'image.push': decideImagePush,
  'image.tag': decideImageTag,
  'image.migrate': decideImageMigrate,
  'image.remove': decideImageRemove,
  'image.prune': decideImagePrune,
  'network.create': decideNetworkCreate,
  'network.remove': decideNetworkRemove,
  'network.prune': decideNetworkPrune,
  'network.connect': decideNetworkConnect,
  'network.disconnect': decideNetworkDisconnect,
  'volume.create': decideVolumeCreate,
  'volume.remove': decideVolumeRemove,
  'volume.prune': decideVolumePrune,
  'plugin.enable': decidePluginEnable,
  'plugin.disable': decidePluginDisable,
  'plugin.reload': decidePluginReload,
  'subject.erase': decideSubjectErase,
  'log.seal': decideLogSeal,
  'log.prune': decideLogPrune,
};

/** What this release can be asked for. */
export const VERBS = Object.keys(DECIDERS) as readonly CommandType[];

/** Whether this release knows a verb. */
export function isVerb(word: string): word is CommandType {
  return Object.hasOwn(DECIDERS, word);
}

/** Verbs that never have an effect on the host. Others are so in some cases; {@link Accepted.effectless} is what counts. */
export const EFFECTLESS_VERBS: readonly CommandType[] = ['container.rename', 'exec.create', 'image.tag'];

/**
 * Decides a command against the state. Pure: the same state and command give the same decision.
 *
 * CONTAINER_BUSY means that another operation has the container for itself (create, start, stop, restart, extract, remove,
 * release, reads of one that does not run), or that it has exited and is not yet released. The engine may wait until the record has neither `busy` nor,
 * when down, `active`, and decide again on the newer state. kill, pause, unpause, update, resize, rename and the exec verbs need
 * no such right.
 *
 * Never throws for what a client can send; a refusal is a decision too.
 */
export function decide(state: StateView, command: Command): Decision {
  const stream = streamOf(state, command);
  try {
    const verdict = verdictOn(state, command);
    const tags = verdict.tags ?? [];
    const conflicting = verdict.conflicting ?? tags;
    return {
      ok: true,
      stream,
      intent: intentOf(stream, command, verdict.decided, tags),
      conditions: conflicting.length === 0 ? [] : [{ tags: conflicting, after: state.seq }],
      expected: { [stream]: verdict.expected },
      effectless: verdict.effectless ?? false,
    };
  } catch (error) {
    if (!(error instanceof ShiplogError)) throw error;
    return { ok: false, stream, intent: intentOf(stream, command, null, []), refusal: error.toRecord() };
  }
}

function verdictOn<T extends CommandType>(state: StateView, command: CommandOf<T>): Verdict<T> {
  return DECIDERS[command.type](state, command);
}

function intentOf(stream: StreamName, command: Command, decided: object | null, tags: readonly string[]): NewEvent {
  const { type, args, givens } = command;
  const intent = { stream, type: `${type}.requested`, kind: 'intent', data: { args, decided, givens } };
  return (tags.length === 0 ? intent : { ...intent, tags }) as NewEvent;
}
