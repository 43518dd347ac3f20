import { constants, existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { appendFile, chmod, lstat, mkdtemp, open, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pidSpace, processStatus } from './process-identity.ts';

/** Short: paths of sockets end at 107 bytes, and this comes before all of them. */
const PREFIX = 'slt';
const NAME = /^slt[A-Za-z0-9]{6}$/;
const OWNERS = 'owners';

/** The directory that a test run has for temporary ones. It says whose it is: what the run leaves when it is killed can be told from what others use. */
export interface RunDirectory {
  readonly path: string;
  /** Adds a process to those whose life keeps the directory. */
  own(pid: number): Promise<void>;
  /** Removes it if nothing is left in it. */
  end(): Promise<void>;
}

export async function makeRunDirectory(within = tmpdir()): Promise<RunDirectory> {
  const path = await mkdtemp(join(within, PREFIX));
  // Programs of a test that run as somebody else get by.
  await chmod(path, 0o711);
  const owners = join(path, OWNERS);
  const { boot, namespace } = await pidSpace();
  const own = async (pid: number): Promise<void> => {
    const status = await processStatus(pid);
    if (status !== undefined) await appendFile(owners, `${pid} ${status.start}\n`);
  };
  await writeFile(owners, `${boot} ${namespace}\n`, { mode: 0o600 });
  await own(process.pid);
  return {
    path,
    own,
    end: async () => removeUnused(path),
  };
}

/** Removes a run's directory if nothing but its own file is in it. A sweep takes away what is left, once the run is gone; another one may be as quick. */
function removeUnused(path: string): void {
  try {
    if (readdirSync(path).some((name) => name !== OWNERS)) return;
    rmSync(join(path, OWNERS), { force: true });
    rmdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Where temporary directories are made: where the system has them if that is of a run, else in a run's directory of this process alone. */
export async function temporaryRoot(): Promise<string> {
  for (let path = tmpdir(); path !== dirname(path); path = dirname(path)) if (existsSync(join(path, OWNERS))) return tmpdir();
  const { path } = await makeRunDirectory();
  process.env['TMPDIR'] = path;
  process.once('exit', () => removeUnused(path));
  return path;
}

/**
 * Whether `path` was the directory of a test run that is dead. False for whatever leaves a doubt: another name, another owner, others may write in it,
 * no word of whose it is, pids of another namespace.
 */
export async function isOfDeadRun(path: string): Promise<boolean> {
  if (!NAME.test(path.slice(path.lastIndexOf('/') + 1))) return false;
  const stats = await lstat(path);
  if (!stats.isDirectory() || stats.uid !== process.geteuid?.() || (stats.mode & 0o022) !== 0) return false;
  const text = await readFile(join(path, OWNERS), 'utf8').catch(() => '');
  const [place = '', ...owners] = text.split('\n').filter((line) => line !== '');
  const { boot, namespace } = await pidSpace();
  if (!/^[0-9a-f-]{36} pid:\[\d+\]$/.test(place) || owners.length === 0) return false;
  if (!place.startsWith(`${boot} `)) return true;
  if (place !== `${boot} ${namespace}`) return false;
  for (const owner of owners) if (await isAlive(owner)) return false;
  return true;
}

/**
 * Makes this process an owner of a dead run's directory, to take it away: others leave it alone then, and when this process is killed at it, it is a dead
 * run's again. False if another process is at it. Throws ENOENT if another one was.
 */
export async function claimOfDeadRun(path: string): Promise<boolean> {
  const mine = `${process.pid} ${(await processStatus(process.pid))?.start}`;
  // Lines that are appended have an order. Not made anew: who was quicker may have removed it by now.
  const file = await open(join(path, OWNERS), constants.O_WRONLY | constants.O_APPEND);
  try {
    await file.write(`${mine}\n`);
  } finally {
    await file.close();
  }
  const [, ...owners] = (await readFile(join(path, OWNERS), 'utf8')).split('\n');
  for (const owner of owners) if (await isAlive(owner)) return owner === mine;
  return false;
}

/** Whether there is the process that a line names. */
async function isAlive(owner: string): Promise<boolean> {
  const [pid, start] = owner.split(' ');
  return start !== undefined && (await processStatus(Number(pid)))?.start === start;
}
