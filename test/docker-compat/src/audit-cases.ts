import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxLayout, type Ran, run, type TestDaemon } from '@shiplog/test-support';
import { ask } from './raw-http.ts';
import { tarOf } from './tar-of.ts';

/** The image that cases use; its archive must have been loaded. */
export const IMAGE = 'busybox:test';
export const NOBODY = 65_534;

/** An HTTP request. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: string | Uint8Array;
}

/** One verb: a request that succeeds, and some that are refused. */
export interface Case {
  readonly verb: string;
  /** Makes ready and answers the request that will succeed. */
  readonly good: () => Promise<Request>;
  readonly goodStatus: number;
  /** Requests that are refused, with their status. */
  readonly bad: readonly (Request & { readonly status: number })[];
}

const post = (path: string, body?: string | Uint8Array): Request => ({ method: 'POST', path, ...(body === undefined ? {} : { body }) });
const get = (path: string): Request => ({ method: 'GET', path });
const put = (path: string, body: Uint8Array): Request => ({ method: 'PUT', path, body });
const drop = (path: string): Request => ({ method: 'DELETE', path });
const refused = (status: number, request: Request) => ({ ...request, status });

/** The docker command as another user. The socket lets everybody in meanwhile. */
export async function asNobody(daemon: TestDaemon, args: readonly string[]): Promise<Ran> {
  // Its directory lets nobody in by default.
  await chmod(daemon.directory, 0o755);
  await chmod(daemon.socket, 0o666);
  try {
    return await run('setpriv', ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', 'docker', ...args], {
      env: daemon.env,
    });
  } finally {
    await chmod(daemon.socket, 0o660);
  }
}

/** The containers that cases count on: `idle`, which does not run, and `busy`, which does. */
export async function prepare(daemon: TestDaemon, archive: string): Promise<void> {
  assert.is((await daemon.docker(['load', '-q', '-i', archive])).code, 0);
  await daemon.docker(['create', '--name', 'idle', IMAGE, 'true']);
  await daemon.docker(['run', '-d', '--name', 'busy', IMAGE, 'sleep', '600']);
}

/** A case for each verb. `scratch` is a directory with the image's archive, `busybox.tar`; `registry` takes images of anybody. They build on each other, in order. */
export function auditCases(daemon: TestDaemon, scratch: string, registry: string): readonly Case[] {
  const archive = join(scratch, 'busybox.tar');
  async function created(command: readonly string[] = ['sleep', '60'], extra: object = {}): Promise<string> {
    const { status, body } = await ask(
      daemon.socket,
      'POST',
      '/containers/create',
      JSON.stringify({ Image: IMAGE, Cmd: command, ...extra }),
    );
    assert.is(status, 201, body);
    return (JSON.parse(body) as { Id: string }).Id;
  }

  async function running(extra: object = {}): Promise<string> {
    const id = await created(['sleep', '60'], extra);
    assert.is((await ask(daemon.socket, 'POST', `/containers/${id}/start`)).status, 204);
    return id;
  }

  async function session(tty = false): Promise<string> {
    const { body } = await ask(
      daemon.socket,
      'POST',
      `/containers/${await running()}/exec`,
      JSON.stringify({ Cmd: ['sleep', '30'], Tty: tty }),
    );
    return (JSON.parse(body) as { Id: string }).Id;
  }

  const context = (dockerfile: string): Promise<Uint8Array> => tarOf([{ name: 'Dockerfile', text: dockerfile }]);
  async function rootfs(): Promise<Uint8Array> {
    const path = join(scratch, 'rootfs.tar');
    await run('tar', ['-C', scratch, '-cf', path, 'busybox.tar']);
    return readFile(path);
  }

  return [
    {
      verb: 'container.create',
      good: async () => post('/containers/create', JSON.stringify({ Image: IMAGE, Cmd: ['true'] })),
      goodStatus: 201,
      bad: [
        refused(400, post('/containers/create', '{"Image":')),
        refused(400, post('/containers/create', '{"Image":7}')),
        refused(404, post('/containers/create', '{"Image":"nobody"}')),
        refused(400, post('/containers/create?name=-bad-', JSON.stringify({ Image: IMAGE, Cmd: ['true'] }))),
        refused(400, post('/containers/create', JSON.stringify({ Image: IMAGE, Cmd: ['true'], Env: ['=value'] }))),
      ],
    },
    {
      verb: 'container.start',
      good: async () => post(`/containers/${await created()}/start`),
      goodStatus: 204,
      bad: [refused(404, post('/containers/nobody/start')), refused(400, post('/containers/nobody/start', '{"Binds":[]}'))],
    },
    {
      verb: 'container.stop',
      good: async () => post(`/containers/${await running()}/stop?t=0`),
      goodStatus: 204,
      bad: [refused(404, post('/containers/nobody/stop')), refused(400, post('/containers/nobody/stop?t=soon'))],
    },
    {
      verb: 'container.restart',
      good: async () => post(`/containers/${await running()}/restart?t=0`),
      goodStatus: 204,
      bad: [refused(404, post('/containers/nobody/restart')), refused(400, post('/containers/nobody/restart?t=soon'))],
    },
    {
      verb: 'container.kill',
      good: async () => post(`/containers/${await running()}/kill`),
      goodStatus: 204,
      bad: [
        refused(404, post('/containers/nobody/kill')),
        refused(409, post('/containers/idle/kill')),
        refused(400, post('/containers/busy/kill?signal=NOSUCH')),
      ],
    },
    {
      verb: 'container.pause',
      good: async () => post(`/containers/${await running()}/pause`),
      goodStatus: 204,
      bad: [refused(404, post('/containers/nobody/pause')), refused(409, post('/containers/idle/pause'))],
    },
    {
      verb: 'container.unpause',
      good: async () => {
        const id = await running();
        await ask(daemon.socket, 'POST', `/containers/${id}/pause`);
        return post(`/containers/${id}/unpause`);
      },
      goodStatus: 204,
      bad: [refused(404, post('/containers/nobody/unpause')), refused(409, post('/containers/busy/unpause'))],
    },
    {
      verb: 'container.rename',
      good: async () => post(`/containers/${await created()}/rename?name=renamed`),
      goodStatus: 204,
      bad: [
        refused(404, post('/containers/nobody/rename?name=x1')),
        refused(400, post('/containers/idle/rename')),
        refused(409, post('/containers/idle/rename?name=busy')),
        refused(400, post('/containers/idle/rename?name=*')),
      ],
    },
    {
      verb: 'container.migrate',
      good: async () => post(`/shiplog/v1/containers/${await created()}/migrate?storageDriver=overlay`),
      goodStatus: 200,
      bad: [
        refused(404, post('/shiplog/v1/containers/nobody/migrate?storageDriver=overlay')),
        refused(400, post('/shiplog/v1/containers/idle/migrate')),
        refused(409, post('/shiplog/v1/containers/busy/migrate?storageDriver=nothing')),
      ],
    },
    {
      verb: 'container.update',
      good: async () => post(`/containers/${await running()}/update`, '{"PidsLimit":10}'),
      goodStatus: 200,
      bad: [
        refused(404, post('/containers/nobody/update', '{}')),
        refused(400, post('/containers/busy/update', '{"Memory":1}')),
        refused(400, post('/containers/busy/update', '{"RestartPolicy":{"Name":"sometimes"}}')),
      ],
    },
    {
      verb: 'container.resize',
      good: async () => post(`/containers/${await running({ Tty: true })}/resize?h=10&w=20`),
      goodStatus: 200,
      bad: [refused(404, post('/containers/nobody/resize?h=1&w=1')), refused(400, post('/containers/busy/resize?h=tall&w=1'))],
    },
    {
      verb: 'container.extract',
      good: async () => put(`/containers/${await created()}/archive?path=/tmp`, await rootfs()),
      goodStatus: 200,
      bad: [
        refused(404, put('/containers/nobody/archive?path=/tmp', Buffer.alloc(1024))),
        refused(404, put('/containers/idle/archive?path=/nowhere', Buffer.alloc(1024))),
        refused(400, put('/containers/idle/archive', Buffer.alloc(1024))),
        refused(400, put('/containers/idle/archive?path=/tmp', Buffer.from('not an archive'))),
      ],
    },
    {
      verb: 'container.stat',
      good: async () => ({ method: 'HEAD', path: `/containers/${await created()}/archive?path=/bin` }),
      goodStatus: 200,
      bad: [
        refused(404, { method: 'HEAD', path: '/containers/nobody/archive?path=/bin' }),
        refused(404, { method: 'HEAD', path: '/containers/idle/archive?path=/nowhere' }),
      ],
    },
    {
      verb: 'container.archive',
      good: async () => get(`/containers/${await created()}/archive?path=/bin`),
      goodStatus: 200,
      bad: [refused(404, get('/containers/nobody/archive?path=/bin')), refused(404, get('/containers/idle/archive?path=/nowhere'))],
    },
    {
      verb: 'container.export',
      good: async () => get(`/containers/${await created()}/export`),
      goodStatus: 200,
      bad: [refused(404, get('/containers/nobody/export'))],
    },
    {
      verb: 'container.remove',
      good: async () => drop(`/containers/${await created()}`),
      goodStatus: 204,
      bad: [refused(404, drop('/containers/nobody')), refused(409, drop('/containers/busy'))],
    },
    {
      verb: 'container.prune',
      good: async () => post('/containers/prune?filters=%7B%22label%22%3A%5B%22none%22%5D%7D'),
      goodStatus: 200,
      bad: [
        refused(400, post('/containers/prune?filters=nonsense')),
        refused(400, post('/containers/prune?filters=%7B%22colour%22%3A%5B%22red%22%5D%7D')),
      ],
    },
    {
      verb: 'exec.create',
      good: async () => post(`/containers/${await running()}/exec`, '{"Cmd":["true"]}'),
      goodStatus: 201,
      bad: [
        refused(404, post('/containers/nobody/exec', '{"Cmd":["true"]}')),
        refused(400, post('/containers/busy/exec', '{')),
        refused(409, post('/containers/idle/exec', '{"Cmd":["true"]}')),
        refused(400, post('/containers/busy/exec', '{"Cmd":[]}')),
      ],
    },
    {
      verb: 'exec.start',
      good: async () => post(`/exec/${await session()}/start`, '{"Detach":true}'),
      goodStatus: 200,
      bad: [refused(404, post('/exec/nobody/start', '{"Detach":true}')), refused(400, post('/exec/nobody/start', '{'))],
    },
    {
      verb: 'exec.resize',
      good: async () => {
        const id = await session(true);
        await ask(daemon.socket, 'POST', `/exec/${id}/start`, '{"Detach":true,"Tty":true}');
        return post(`/exec/${id}/resize?h=10&w=20`);
      },
      goodStatus: 200,
      bad: [refused(404, post('/exec/nobody/resize?h=1&w=1')), refused(400, post('/exec/nobody/resize?h=-1&w=1'))],
    },
    {
      verb: 'image.load',
      good: async () => post('/images/load', await readFile(archive)),
      goodStatus: 200,
      bad: [refused(400, post('/images/load', Buffer.from('not an archive')))],
    },
    {
      verb: 'image.commit',
      good: async () => post('/commit?container=idle&repo=committed&tag=1&comment=kept&changes=ENV%20A=b', 'null'),
      goodStatus: 201,
      bad: [
        refused(404, post('/commit?container=nobody')),
        refused(400, post('/commit')),
        refused(400, post('/commit?container=idle&repo=Not%20A%20Name')),
        refused(400, post('/commit?container=idle&changes=RUN%20true')),
        refused(400, post('/commit?container=idle', '{"Env":["=x"]}')),
        refused(400, post('/commit?container=idle', '{"Cmd":7}')),
      ],
    },
    {
      verb: 'image.build',
      good: async () => post('/build?t=audited:1&labels=%7B%22a%22%3A%22b%22%7D', await context(`FROM ${IMAGE}\nUSER nobody\n`)),
      goodStatus: 200,
      bad: [
        refused(400, post('/build?t=NO%20NAME')),
        refused(400, post('/build?buildargs=%7B')),
        // Nothing to build from.
        refused(400, post('/build')),
        refused(400, post('/build?labels=%5B1%5D')),
        refused(400, post('/build?memory=much')),
        refused(501, post('/build?version=2')),
        refused(501, post('/build?remote=https%3A%2F%2Fexample.com%2Fx.git')),
        refused(501, post('/build?squash=1')),
      ],
    },
    {
      verb: 'image.import',
      good: async () => post('/images/create?fromSrc=-&repo=imported', await rootfs()),
      goodStatus: 200,
      bad: [refused(400, post('/images/create')), refused(400, post('/images/create?fromSrc=-&repo=BAD', Buffer.from('x')))],
    },
    {
      verb: 'image.pull',
      good: async () => {
        await busyboxLayout(join(scratch, 'images', 'pulled'), 'latest', { Labels: { from: 'a directory' } });
        return post('/images/create?fromImage=pulled&tag=latest');
      },
      goodStatus: 200,
      bad: [refused(400, post('/images/create?fromImage=BAD')), refused(400, post('/images/create?fromImage=a&tag=b%20c'))],
    },
    {
      verb: 'image.push',
      good: async () => {
        await ask(daemon.socket, 'POST', `/images/${IMAGE}/tag?repo=${registry}/audited&tag=1`);
        return post(`/images/${registry}/audited/push?tag=1`);
      },
      goodStatus: 200,
      bad: [
        refused(404, post('/images/nobody/push?tag=1')),
        refused(400, post('/images/BAD/push?tag=1')),
        refused(400, post(`/images/busybox/push?tag=sha256:${'0'.repeat(64)}`)),
      ],
    },
    {
      verb: 'image.migrate',
      good: async () => post(`/shiplog/v1/images/${IMAGE}/migrate?storageDriver=overlay`),
      goodStatus: 200,
      bad: [
        refused(404, post('/shiplog/v1/images/nobody/migrate?storageDriver=overlay')),
        refused(400, post(`/shiplog/v1/images/${IMAGE}/migrate`)),
      ],
    },
    {
      verb: 'image.tag',
      good: async () => post(`/images/${IMAGE}/tag?repo=tagged&tag=1`),
      goodStatus: 201,
      bad: [
        refused(404, post('/images/nobody/tag?repo=x')),
        refused(400, post(`/images/${IMAGE}/tag`)),
        refused(400, post(`/images/${IMAGE}/tag?repo=BAD`)),
      ],
    },
    {
      verb: 'image.remove',
      good: async () => {
        await ask(daemon.socket, 'POST', `/images/${IMAGE}/tag?repo=gone&tag=1`);
        // The refusal below is of the only tag left.
        await ask(daemon.socket, 'DELETE', '/images/tagged:1');
        await ask(daemon.socket, 'DELETE', `/images/${registry}/audited:1`);
        return drop('/images/gone:1');
      },
      goodStatus: 200,
      bad: [refused(404, drop('/images/nobody')), refused(409, drop(`/images/${IMAGE}`))],
    },
    {
      verb: 'image.prune',
      good: async () => post('/images/prune?filters=%7B%22label%22%3A%5B%22none%22%5D%7D'),
      goodStatus: 200,
      bad: [
        refused(400, post('/images/prune?filters=nonsense')),
        refused(400, post('/images/prune?filters=%7B%22colour%22%3A%5B%22red%22%5D%7D')),
      ],
    },
    {
      verb: 'network.create',
      good: async () => post('/networks/create', '{"Name":"audited","Driver":"bridge","Internal":false}'),
      goodStatus: 201,
      bad: [
        refused(400, post('/networks/create', '{')),
        refused(403, post('/networks/create', '{"Name":"bridge"}')),
        refused(409, post('/networks/create', '{"Name":"audited"}')),
      ],
    },
    {
      verb: 'network.connect',
      good: async () => post('/networks/audited/connect', '{"Container":"busy","EndpointConfig":{"Aliases":["also"]}}'),
      goodStatus: 200,
      bad: [
        refused(404, post('/networks/nobody/connect', '{"Container":"busy"}')),
        refused(404, post('/networks/audited/connect', '{"Container":"nobody"}')),
        refused(400, post('/networks/audited/connect', '{')),
        refused(400, post('/networks/host/connect', '{"Container":"busy"}')),
        refused(403, post('/networks/bridge/connect', '{"Container":"busy"}')),
        refused(400, post('/networks/audited/connect', '{"Container":"idle","EndpointConfig":{"IPAMConfig":{"IPv4Address":"1.2.3.4"}}}')),
      ],
    },
    {
      verb: 'network.disconnect',
      good: async () => post('/networks/audited/disconnect', '{"Container":"busy","Force":false}'),
      goodStatus: 200,
      bad: [
        refused(404, post('/networks/nobody/disconnect', '{"Container":"busy"}')),
        refused(404, post('/networks/audited/disconnect', '{"Container":"idle"}')),
        refused(400, post('/networks/audited/disconnect', '{}')),
      ],
    },
    {
      verb: 'network.remove',
      good: async () => drop('/networks/audited'),
      goodStatus: 204,
      bad: [refused(404, drop('/networks/nobody')), refused(403, drop('/networks/bridge'))],
    },
    {
      verb: 'network.prune',
      good: async () => {
        for (const name of ['unused1', 'unused2'])
          await ask(daemon.socket, 'POST', '/networks/create', JSON.stringify({ Name: name, Labels: { unused: '' } }));
        return post('/networks/prune?filters=%7B%22label%22%3A%5B%22unused%22%5D%7D');
      },
      goodStatus: 200,
      bad: [
        refused(400, post('/networks/prune?filters=nonsense')),
        refused(400, post('/networks/prune?filters=%7B%22colour%22%3A%5B%22red%22%5D%7D')),
        refused(400, post('/networks/prune?filters=%7B%22until%22%3A%5B%22soon%22%5D%7D')),
      ],
    },
    {
      verb: 'volume.create',
      good: async () => post('/volumes/create', '{"Name":"audited"}'),
      goodStatus: 201,
      bad: [refused(400, post('/volumes/create', '{')), refused(400, post('/volumes/create', '{"Name":"/bad"}'))],
    },
    { verb: 'volume.remove', good: async () => drop('/volumes/audited'), goodStatus: 204, bad: [refused(404, drop('/volumes/nobody'))] },
    {
      verb: 'volume.prune',
      // One that finds nothing is an act as well.
      good: async () => post('/volumes/prune?filters=%7B%22label%22%3A%5B%22none%22%5D%7D'),
      goodStatus: 200,
      bad: [
        refused(400, post('/volumes/prune?filters=nonsense')),
        refused(400, post('/volumes/prune?filters=%7B%22until%22%3A%5B%221h%22%5D%7D')),
        refused(400, post('/volumes/prune?filters=%7B%22all%22%3A%5B%22perhaps%22%5D%7D')),
      ],
    },
    ...(['reload', 'disable', 'enable'] as const).map((verb) => ({
      verb: `plugin.${verb}`,
      good: async () => post(`/shiplog/v1/plugins/${encodeURIComponent('@shiplog/storage-vfs')}/${verb}`),
      goodStatus: 200,
      bad: [refused(404, post(`/shiplog/v1/plugins/nobody/${verb}`))],
    })),
    ...(['seal', 'prune'] as const).map((word) => ({
      verb: `log.${word}`,
      good: async () => post(`/shiplog/v1/log/${word}?before=0`),
      goodStatus: 200,
      bad: [
        refused(404, post(`/shiplog/v1/log/${word}?before=999999999`)),
        refused(400, post(`/shiplog/v1/log/${word}`)),
        ...(word === 'prune' ? [refused(400, post('/shiplog/v1/log/prune?before=0&overtake=maybe'))] : []),
      ],
    })),
    {
      verb: 'subject.erase',
      good: async () => {
        await asNobody(daemon, ['volume', 'create', 'by-nobody']);
        return post(`/shiplog/v1/subjects/erase?subject=uid:${NOBODY}`);
      },
      goodStatus: 200,
      bad: [refused(404, post('/shiplog/v1/subjects/erase?subject=uid:77')), refused(400, post('/shiplog/v1/subjects/erase'))],
    },
  ];
}
