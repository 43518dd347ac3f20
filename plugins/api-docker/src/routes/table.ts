import type { RouteEntry } from '../http/router.ts';
import { getArchive, putArchive, statArchive } from './containers/archive.ts';
import { attachContainer, attachWebSocket } from './containers/attach.ts';
import { containerChanges } from './containers/changes.ts';
import { createContainer } from './containers/create.ts';
import { exportContainer } from './containers/export.ts';
import { inspectContainer } from './containers/inspect.ts';
import { killContainer } from './containers/kill.ts';
import { listContainers } from './containers/list.ts';
import { containerLogs } from './containers/logs.ts';
import { pauseContainer } from './containers/pause.ts';
import { pruneContainers } from './containers/prune.ts';
import { removeContainer } from './containers/remove.ts';
import { renameContainer } from './containers/rename.ts';
import { resizeContainer } from './containers/resize.ts';
import { restartContainer } from './containers/restart.ts';
import { startContainer } from './containers/start.ts';
import { containerStats } from './containers/stats.ts';
import { stopContainer } from './containers/stop.ts';
import { topContainer } from './containers/top.ts';
import { unpauseContainer } from './containers/unpause.ts';
import { updateContainer } from './containers/update.ts';
import { waitContainer } from './containers/wait.ts';
import { inspectDistribution } from './distribution/inspect.ts';
import { createExec } from './exec/create.ts';
import { inspectExec } from './exec/inspect.ts';
import { resizeExec } from './exec/resize.ts';
import { startExec } from './exec/start.ts';
import { buildImage } from './images/build.ts';
import { commitContainer } from './images/commit.ts';
import { createImage, pullOrImport } from './images/create.ts';
import { historyOfImage } from './images/history.ts';
import { inspectImage } from './images/inspect.ts';
import { listImages } from './images/list.ts';
import { loadImages } from './images/load.ts';
import { pruneImages } from './images/prune.ts';
import { pushImage } from './images/push.ts';
import { removeImage } from './images/remove.ts';
import { saveImage, saveImages } from './images/save.ts';
import { tagImage } from './images/tag.ts';
import { connectNetwork, disconnectNetwork } from './networks/connect.ts';
import { createNetwork } from './networks/create.ts';
import { inspectNetwork } from './networks/inspect.ts';
import { listNetworks } from './networks/list.ts';
import { pruneNetworks } from './networks/prune.ts';
import { removeNetwork } from './networks/remove.ts';
import { inspectPlugin } from './plugins/inspect.ts';
import { listPlugins } from './plugins/list.ts';
import { REFUSED } from './refused.ts';
import { checkAuth } from './system/auth.ts';
import { diskUsage } from './system/df.ts';
import { events } from './system/events.ts';
import { info } from './system/info.ts';
import { options } from './system/options.ts';
import { ping } from './system/ping.ts';
import { pruneBuildCache } from './system/prune-build-cache.ts';
import { version } from './system/version.ts';
import { createVolume } from './volumes/create.ts';
import { inspectVolume } from './volumes/inspect.ts';
import { listVolumes } from './volumes/list.ts';
import { pruneVolumes } from './volumes/prune.ts';
import { removeVolume } from './volumes/remove.ts';

/** Every route of the Docker Engine API. The first row that fits answers. */
export const ROUTES: readonly RouteEntry[] = [
  { method: 'HEAD', template: '/_ping', route: ping },
  { method: 'GET', template: '/_ping', route: ping },
  { method: 'GET', template: '/version', route: version },
  { method: 'GET', template: '/info', route: info, past: true },
  { method: 'GET', template: '/events', route: events },
  { method: 'GET', template: '/system/df', route: diskUsage },
  { method: 'POST', template: '/build/prune', route: pruneBuildCache, harmless: true },
  { method: 'POST', template: '/auth', route: checkAuth, leaves: 'registry.login' },
  { method: 'OPTIONS', template: '/{any*}', route: options },

  { method: 'GET', template: '/containers/json', route: listContainers, past: true },
  { method: 'POST', template: '/containers/create', route: createContainer, verb: 'container.create' },
  { method: 'POST', template: '/containers/prune', route: pruneContainers, verb: 'container.prune' },
  { method: 'GET', template: '/containers/{id}/json', route: inspectContainer, past: true },
  { method: 'GET', template: '/containers/{id}/changes', route: containerChanges },
  { method: 'HEAD', template: '/containers/{id}/archive', route: statArchive, verb: 'container.stat' },
  { method: 'GET', template: '/containers/{id}/archive', route: getArchive, verb: 'container.archive' },
  { method: 'PUT', template: '/containers/{id}/archive', route: putArchive, verb: 'container.extract' },
  { method: 'GET', template: '/containers/{id}/export', route: exportContainer, verb: 'container.export' },
  { method: 'GET', template: '/containers/{id}/top', route: topContainer, leaves: 'container.top' },
  { method: 'GET', template: '/containers/{id}/stats', route: containerStats },
  { method: 'GET', template: '/containers/{id}/logs', route: containerLogs, leaves: 'container.logs' },
  { method: 'POST', template: '/containers/{id}/start', route: startContainer, verb: 'container.start' },
  { method: 'POST', template: '/containers/{id}/stop', route: stopContainer, verb: 'container.stop' },
  { method: 'POST', template: '/containers/{id}/restart', route: restartContainer, verb: 'container.restart' },
  { method: 'POST', template: '/containers/{id}/kill', route: killContainer, verb: 'container.kill' },
  { method: 'POST', template: '/containers/{id}/pause', route: pauseContainer, verb: 'container.pause' },
  { method: 'POST', template: '/containers/{id}/unpause', route: unpauseContainer, verb: 'container.unpause' },
  { method: 'POST', template: '/containers/{id}/rename', route: renameContainer, verb: 'container.rename' },
  { method: 'POST', template: '/containers/{id}/update', route: updateContainer, verb: 'container.update' },
  { method: 'POST', template: '/containers/{id}/resize', route: resizeContainer, verb: 'container.resize' },
  { method: 'POST', template: '/containers/{id}/wait', route: waitContainer, harmless: true },
  { method: 'POST', template: '/containers/{id}/attach', route: attachContainer, leaves: 'container.attach' },
  { method: 'GET', template: '/containers/{id}/attach/ws', route: attachWebSocket, leaves: 'container.attach' },
  { method: 'POST', template: '/containers/{id}/exec', route: createExec, verb: 'exec.create' },
  { method: 'DELETE', template: '/containers/{id}', route: removeContainer, verb: 'container.remove' },

  { method: 'POST', template: '/exec/{id}/start', route: startExec, verb: 'exec.start' },
  { method: 'POST', template: '/exec/{id}/resize', route: resizeExec, verb: 'exec.resize' },
  { method: 'GET', template: '/exec/{id}/json', route: inspectExec, past: true },

  { method: 'GET', template: '/images/json', route: listImages, past: true },
  { method: 'POST', template: '/images/create', route: createImage, verb: ['image.pull', 'image.import'], verbOf: pullOrImport },
  { method: 'POST', template: '/build', route: buildImage, verb: 'image.build' },
  { method: 'POST', template: '/commit', route: commitContainer, verb: 'image.commit' },
  { method: 'POST', template: '/images/load', route: loadImages, verb: 'image.load' },
  { method: 'POST', template: '/images/prune', route: pruneImages, verb: 'image.prune' },
  { method: 'GET', template: '/images/get', route: saveImages, leaves: 'image.save' },
  { method: 'GET', template: '/images/{name*}/get', route: saveImage, leaves: 'image.save' },
  { method: 'GET', template: '/images/{name*}/json', route: inspectImage, past: true },
  { method: 'GET', template: '/images/{name*}/history', route: historyOfImage, past: true },
  { method: 'POST', template: '/images/{name*}/push', route: pushImage, verb: 'image.push' },
  { method: 'POST', template: '/images/{name*}/tag', route: tagImage, verb: 'image.tag' },
  { method: 'DELETE', template: '/images/{name*}', route: removeImage, verb: 'image.remove' },

  { method: 'GET', template: '/distribution/{name*}/json', route: inspectDistribution, leaves: 'registry.inspect' },

  { method: 'GET', template: '/networks', route: listNetworks, past: true },
  { method: 'POST', template: '/networks/create', route: createNetwork, verb: 'network.create' },
  { method: 'POST', template: '/networks/prune', route: pruneNetworks, verb: 'network.prune' },
  { method: 'GET', template: '/networks/{id}', route: inspectNetwork, past: true },
  { method: 'DELETE', template: '/networks/{id}', route: removeNetwork, verb: 'network.remove' },
  { method: 'POST', template: '/networks/{id}/connect', route: connectNetwork, verb: 'network.connect' },
  { method: 'POST', template: '/networks/{id}/disconnect', route: disconnectNetwork, verb: 'network.disconnect' },

  { method: 'GET', template: '/volumes', route: listVolumes, past: true },
  { method: 'POST', template: '/volumes/create', route: createVolume, verb: 'volume.create' },
  { method: 'POST', template: '/volumes/prune', route: pruneVolumes, verb: 'volume.prune' },
  { method: 'GET', template: '/volumes/{name}', route: inspectVolume, past: true },
  { method: 'DELETE', template: '/volumes/{name}', route: removeVolume, verb: 'volume.remove' },

  { method: 'GET', template: '/plugins', route: listPlugins },
  { method: 'GET', template: '/plugins/{name*}/json', route: inspectPlugin },

  ...REFUSED,
];
