import type { CommandType } from '@shiplog/contracts';
import { containerCreate } from './container-create.ts';
import { containerExtract } from './container-extract.ts';
import { containerKill } from './container-kill.ts';
import { containerMigrate } from './container-migrate.ts';
import { containerPause } from './container-pause.ts';
import { containerPrune } from './container-prune.ts';
import { containerArchive, containerExport, containerStat } from './container-read.ts';
import { containerRelease } from './container-release.ts';
import { containerRemove } from './container-remove.ts';
import { containerResize } from './container-resize.ts';
import { containerRestart } from './container-restart.ts';
import { containerStart } from './container-start.ts';
import { containerStop } from './container-stop.ts';
import { containerUnpause } from './container-unpause.ts';
import { containerUpdate } from './container-update.ts';
import { execResize } from './exec-resize.ts';
import { execStart } from './exec-start.ts';
import type { Handler } from './handler.ts';
import { logPrune } from './log-prune.ts';
import { logSeal } from './log-seal.ts';
import { subjectErase } from './subject-erase.ts';
import { volumeCreate } from './volume-create.ts';
import { volumePrune } from './volume-prune.ts';
import { volumeRemove } from './volume-remove.ts';
import { imageBuild } from './image-build.ts';
import { imageCommit } from './image-commit.ts';
import { imageImport } from './image-import.ts';
import { imageLoad } from './image-load.ts';
import { imageMigrate } from './image-migrate.ts';
import { imagePull } from './image-pull.ts';
import { imagePush } from './image-push.ts';
import { imagePrune, imageRemove } from './image-remove.ts';
import { networkCreate } from './network-create.ts';
import { networkConnect, networkDisconnect } from './network-connect.ts';
import { networkPrune } from './network-prune.ts';
import { networkRemove } from './network-remove.ts';
import { pluginDisable, pluginEnable, pluginReload } from './plugin.ts';
import { containerRename, execCreate, imageTag } from './effectless.ts';

/** How every verb takes effect. */
export const HANDLERS: { readonly [T in CommandType]: Handler<T> } = {
  'container.create': containerCreate,
  'container.start': containerStart,
  'container.stop': containerStop,
  'container.restart': containerRestart,
  'container.kill': containerKill,
  'container.pause': containerPause,
  'container.unpause': containerUnpause,
  'container.rename': containerRename,
  'container.migrate': containerMigrate,
  'container.update': containerUpdate,
  'container.resize': containerResize,
  'container.extract': containerExtract,
  'container.stat': containerStat,
  'container.archive': containerArchive,
  'container.export': containerExport,
  'container.remove': containerRemove,
  'container.release': containerRelease,
  'container.prune': containerPrune,
  'exec.create': execCreate,
  'exec.start': execStart,
  'exec.resize': execResize,
  'image.load': imageLoad,
  'image.import': imageImport,
  'image.commit': imageCommit,
  'image.build': imageBuild,
  'image.pull': imagePull,
  'image.push': imagePush,
  'image.tag': imageTag,
  'image.migrate': imageMigrate,
  'image.remove': imageRemove,
  'image.prune': imagePrune,
  'network.create': networkCreate,
  'network.remove': networkRemove,
  'network.prune': networkPrune,
  'network.connect': networkConnect,
  'network.disconnect': networkDisconnect,
  'volume.create': volumeCreate,
  'volume.remove': volumeRemove,
  'volume.prune': volumePrune,
  'plugin.enable': pluginEnable,
  'plugin.disable': pluginDisable,
  'plugin.reload': pluginReload,
  'subject.erase': subjectErase,
  'log.seal': logSeal,
  'log.prune': logPrune,
};
