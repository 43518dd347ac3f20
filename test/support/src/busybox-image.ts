import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Headers, pack } from 'tar-fs';

const APPLETS = [
  'sh',
  'echo',
  'cat',
  'ls',
  'ps',
  'sleep',
  'httpd',
  'wget',
  'hostname',
  'ip',
  'id',
  'true',
  'false',
  'kill',
  'stty',
  'nc',
  'env',
  'head',
  'seq',
  'dd',
  'mount',
  'touch',
  'mkdir',
  'rm',
  'wc',
  'test',
  'grep',
  'ping',
  'trap',
  'od',
  'yes',
  'cut',
];

/** Writes a docker-archive of a small image from Debian's busybox-static to `path`, tagged `tag`. The same image every time. */
export async function busyboxArchive(path: string, tag = 'busybox:test', config: object = {}): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'shiplog-image-'));
  try {
    const root = join(scratch, 'rootfs');
    for (const part of ['bin', 'www', 'tmp', 'proc', 'dev', 'sys', 'etc', 'root', 'home'])
      await mkdir(join(root, part), { recursive: true });
    await cp('/bin/busybox', join(root, 'bin/busybox'));
    for (const applet of APPLETS) await symlink('busybox', join(root, 'bin', applet));
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/sh\n');
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nwheel:x:10:nobody\nnogroup:x:65534:\n');
    await writeFile(join(root, 'www/index.html'), 'hello\n');
    await writeFile(join(root, 'etc/notexecutable'), 'text\n');
    await packTree(root, join(scratch, 'layer.tar'));
    const diffId = `sha256:${createHash('sha256')
      .update(await readFile(join(scratch, 'layer.tar')))
      .digest('hex')}`;
    const image = JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: { Cmd: ['sh'], Env: ['PATH=/bin:/sbin'], ...config },
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created: '2026-01-01T00:00:00Z', created_by: 'busybox-static' }],
    });
    const name = `${createHash('sha256').update(image).digest('hex')}.json`;
    await writeFile(join(scratch, name), image);
    await writeFile(join(scratch, 'manifest.json'), JSON.stringify([{ Config: name, RepoTags: [tag], Layers: ['layer.tar'] }]));
    await packTree(scratch, path, ['manifest.json', name, 'layer.tar']);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const MADE = new Date('2026-01-01T00:00:00Z');

/** Packs a plain tree, owned by root, as a tar. */
async function packTree(root: string, path: string, entries?: string[]): Promise<void> {
  const how = { map: (header: Headers) => ({ ...header, uid: 0, gid: 0, mtime: MADE }), sort: true };
  await pipeline(pack(root, entries === undefined ? how : { ...how, entries }), createWriteStream(path));
}
