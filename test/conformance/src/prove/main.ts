// Proves a plugin: node main.js DIRECTORY|MODULE|unix:PATH [--only TEXT] [--every N] [--format json].
// Exit codes: 0 all held, 1 some did not, 2 there is no plugin, or no such check.
import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { DriverManifest } from '@shiplog/contracts';
import type { PluginDefinition } from '@shiplog/driver-kit';
import { driversOf } from '../driver-lab.ts';
import { realKernel } from '../real-kernel.ts';
import { proveGuest, provePlugin } from './prove-plugin.ts';

/** Milliseconds for one check. */
const LIMIT_MS = 300_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { format: { type: 'string' }, only: { type: 'string' }, every: { type: 'string' } },
});
/** Set in the process that has a network namespace to itself. */
const APART = 'SHIPLOG_KIT_APART';
/** Begins what names the socket of a program that runs already. */
const UNIX = 'unix:';
const json = values.format === 'json';
const checks: { readonly name: string; readonly body: () => Promise<void> }[] = [];
const skips: { readonly what: string; readonly why: string }[] = [];
const collect = {
  test: (name: string, body: () => Promise<void>) => checks.push({ name, body }),
  skipped: (what: string, why: string) => void skips.push({ what, why }),
  isApart: process.env[APART] === '1',
  ...(values.every === undefined ? {} : { every: Number(values.every) }),
};

if (values.every !== undefined && !/^[1-9]\d*$/.test(values.every)) refuse(`--every takes a number, not "${values.every}"`);
try {
  const target = positionals[0] ?? '.';
  await (target.startsWith(UNIX) ? gatherFrom(resolve(target.slice(UNIX.length))) : gather(resolve(target)));
} catch (error) {
  refuse(error instanceof Error ? error.message : String(error));
}
const asked = checks.filter(({ name }) => name.includes(values.only ?? ''));
if (values.only !== undefined && asked.length === 0) refuse(`no check of this plugin's has "${values.only}" in its name`);
let failed = 0;
for (const { name, body } of asked) {
  const began = performance.now();
  const failure = await run(body);
  const ms = Math.round(performance.now() - began);
  if (failure !== undefined) failed += 1;
  if (json) console.log(JSON.stringify({ check: name, ok: failure === undefined, ms, ...(failure === undefined ? {} : { failure }) }));
  else
    console.log(
      `${failure === undefined ? 'ok  ' : 'FAIL'} ${name}${failure === undefined ? '' : `\n     ${failure.replaceAll('\n', '\n     ')}`}`,
    );
}
for (const { what, why } of skips) console.log(json ? JSON.stringify({ skipped: what, why }) : `SKIP ${what}: ${why}`);
if (json) console.log(JSON.stringify({ passed: asked.length - failed, failed, skipped: skips.length }));
else console.log(`\n${asked.length - failed} passed, ${failed} failed${skips.length === 0 ? '' : `, ${skips.length} skipped`}`);
process.exit(failed > 0 ? 1 : 0);

function refuse(why: string): never {
  process.stderr.write(`shiplog: ${why}\n`);
  process.exit(2);
}

async function run(body: () => Promise<void>): Promise<string | undefined> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`it took longer than ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  try {
    await Promise.race([body(), late.promise]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

async function gather(target: string): Promise<void> {
  const kernel = await realKernel();
  const directory = (await stat(target)).isDirectory() ? target : undefined;
  const field = directory === undefined ? undefined : await fieldOf(directory);
  if (directory !== undefined && field?.command !== undefined) {
    await standApart(field.drivers);
    await proveGuest({ ...collect, guest: { isolation: 'process', command: field.command, directory }, drivers: field.drivers, kernel });
    return;
  }
  if (directory !== undefined && field?.entry === undefined)
    throw new Error(`${directory}/package.json has no field "shiplog" with an entry or a command`);
  const module = pathToFileURL(directory === undefined ? target : join(directory, field?.entry ?? '')).href;
  const { default: plugin }: { readonly default?: PluginDefinition } = await import(module);
  if (plugin === undefined) throw new Error(`${module} has no plugin as its default export; use definePlugin`);
  await standApart(plugin.drivers.map(({ manifest }) => manifest));
  await provePlugin({ ...collect, plugin, module, kernel });
}

async function gatherFrom(socket: string): Promise<void> {
  const guest = { isolation: 'process', socket } as const;
  await proveGuest({ ...collect, guest, drivers: await driversOf(guest), kernel: await realKernel() });
}

/** Network drivers are proven in namespaces of their own, so that links and rules are nobody else's: the same again there, and its exit code. */
async function standApart(drivers: readonly DriverManifest[]): Promise<void> {
  if (collect.isApart || process.geteuid?.() !== 0 || !drivers.some(({ kind }) => kind === 'network')) return;
  const args = ['--net', '--mount', process.execPath, import.meta.filename, ...process.argv.slice(2)];
  const child = spawn('unshare', args, { stdio: 'inherit', env: { ...process.env, [APART]: '1' } });
  process.exit(await new Promise<number>((done, reject) => child.on('error', reject).on('close', (code) => done(code ?? 1))));
}

interface Field {
  readonly entry?: string;
  readonly command?: readonly string[];
  readonly drivers: readonly DriverManifest[];
}

async function fieldOf(directory: string): Promise<Field | undefined> {
  const facts: { readonly shiplog?: Field } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  return facts.shiplog;
}
