import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run, TestDaemon, TestRegistry } from '@shiplog/test-support';
import { temporary } from '../directory.ts';
import { interleave, timed } from '../measure.ts';
import { makeImage } from './made-image.ts';
import { SlowLink } from './slow-link.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const LAYERS = Number(process.argv[3] ?? 5);
/** Bytes a second of a registry that is far away. */
const FAR = 20e6;

const directory = await temporary('registry');
const registry = await TestRegistry.start();
const daemon = await TestDaemon.start({ directory: await temporary('pull') });
const link = await SlowLink.open(Number(registry.host.split(':')[1]), FAR);
const [name, other, far] = [`${registry.host}/bench:1`, `${registry.host}/pushed:1`, `${link.host}/bench:1`];

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(command, args, { env: daemon.env, timeoutMs: 600_000 });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

const clear = (): Promise<void> => must('docker', ['image', 'prune', '-a', '-f']);

/** Pulls, without what was pulled before. */
async function pull(image: string): Promise<number> {
  const ms = await timed(() => must('docker', ['pull', '-q', image]));
  await clear();
  return ms;
}

/** Downloads alone, or unpacks too, and syncs, as a pull does. */
async function skopeo(image: string, unpacks: boolean): Promise<number> {
  const [copy, root] = [join(directory, 'copy'), join(directory, 'root')];
  await mkdir(root);
  const ms = await timed(async () => {
    await must('skopeo', ['--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', `docker://${image}`, `dir:${copy}`]);
    if (!unpacks) return;
    const { layers } = JSON.parse(await readFile(join(copy, 'manifest.json'), 'utf8')) as {
      readonly layers: readonly { readonly digest: string }[];
    };
    for (const { digest } of layers) await must('tar', ['-C', root, '-xzf', join(copy, digest.slice('sha256:'.length))]);
    await must('sync', ['-f', directory]);
  });
  await Promise.all([copy, root].map((path) => rm(path, { recursive: true, force: true })));
  return ms;
}

/** What is up to date, or there: what takes no work should take no time. */
async function again(words: readonly string[], before: readonly (readonly string[])[]): Promise<number> {
  for (const one of before) await must('docker', one);
  const ms = await timed(() => must('docker', words));
  await clear();
  return ms;
}

try {
  const bytes = await makeImage(join(directory, 'image'), LAYERS);
  await registry.push(`oci:${join(directory, 'image')}:latest`, 'bench:1');
  const pulled = ['pull', '-q', name];
  const series = await interleave(ROUNDS, {
    'skopeo copy, tar x': () => skopeo(name, true),
    pull: () => pull(name),
    'skopeo copy': () => skopeo(name, false),
    'skopeo copy from afar': () => skopeo(far, false),
    'pull from afar': () => pull(far),
    'pull again': () => again(pulled, [pulled]),
    'push of what was pulled': () => again(['push', '-q', other], [pulled, ['tag', name, other]]),
  });
  const base = series['skopeo copy, tar x']?.median ?? Number.NaN;
  const size = (bytes / 1e6).toFixed(0);
  process.stdout.write(
    `\nAn image of ${LAYERS} layers, ${size} MB compressed, median of ${ROUNDS} interleaved rounds; × is the time beside skopeo and tar, which do what a pull does.\n\n`,
  );
  for (const [what, { median, low, high }] of Object.entries(series))
    process.stdout.write(
      `${what.padEnd(24)} ${(median / base).toFixed(2).padStart(5)} ×   ${median.toFixed(0)} ms (${low.toFixed(0)} to ${high.toFixed(0)})\n`,
    );
} finally {
  await daemon.destroy();
  await link[Symbol.asyncDispose]();
  await registry.stop();
  await rm(directory, { recursive: true, force: true });
}
