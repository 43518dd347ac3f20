import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { busyboxArchive } from './busybox-image.ts';
import { run } from './command.ts';

/** A blob of an OCI layout. */
interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Writes the image of {@link busyboxArchive} as an OCI image layout into `directory`, its manifest called `tag`, with the tars `upper` as more layers. Answers the manifest's descriptor. */
export async function busyboxLayout(
  directory: string,
  tag: string,
  config: object = {},
  upper: readonly Uint8Array[] = [],
): Promise<Descriptor> {
  const scratch = await mkdtemp(join(tmpdir(), 'shiplog-layout-'));
  const blobs = join(directory, 'blobs', 'sha256');
  const blob = async (mediaType: string, content: Uint8Array): Promise<Descriptor> => {
    const hex = createHash('sha256').update(content).digest('hex');
    await writeFile(join(blobs, hex), content);
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  };
  try {
    await mkdir(blobs, { recursive: true });
    await busyboxArchive(join(scratch, 'image.tar'), 'busybox:test', config);
    await run('tar', ['-xf', 'image.tar'], { cwd: scratch });
    const [{ Config }] = JSON.parse(await readFile(join(scratch, 'manifest.json'), 'utf8')) as [{ readonly Config: string }];
    const image = JSON.parse(await readFile(join(scratch, Config), 'utf8')) as {
      readonly rootfs: { readonly diff_ids: readonly string[] };
      readonly history?: readonly object[];
    };
    const diffIds = [...image.rootfs.diff_ids, ...upper.map((tar) => `sha256:${createHash('sha256').update(tar).digest('hex')}`)];
    const history = image.history === undefined ? {} : { history: [...image.history, ...upper.map(() => ({ created_by: 'a test' }))] };
    const described = Buffer.from(JSON.stringify({ ...image, ...history, rootfs: { ...image.rootfs, diff_ids: diffIds } }));
    const layers = [await blob('application/vnd.oci.image.layer.v1.tar', await readFile(join(scratch, 'layer.tar')))];
    for (const tar of upper) layers.push(await blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(tar)));
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: await blob('application/vnd.oci.image.config.v1+json', described),
      layers,
    };
    const descriptor = await blob(manifest.mediaType, Buffer.from(JSON.stringify(manifest)));
    const annotations = { 'org.opencontainers.image.ref.name': tag };
    await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...descriptor, annotations }] }));
    return descriptor;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
