import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';

/** Who a process runs as, in numbers, and that user's home. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

/** Files larger than this are no user databases. */
const LIMIT = 4 << 20;

/** Resolves `user[:group]` and more groups, names or numbers, by the container's own passwd(5) and group(5). */
export async function resolveUser(kernel: Kernel, rootfs: string, spec: string, groups: readonly string[]): Promise<ResolvedUser> {
  const [passwd, group] = await Promise.all([rows(kernel, rootfs, '/etc/passwd'), rows(kernel, rootfs, '/etc/group')]);
  const [userWord = '', groupWord] = spec.split(':', 2);
  const user =
    userWord === ''
      ? passwd.find((row) => row[2] === '0')
      : (passwd.find((row) => row[0] === userWord) ?? passwd.find((row) => row[2] === userWord));
  if (user === undefined && userWord !== '' && !isId(userWord)) {
    throw new ShiplogError('SPEC_INVALID', `unable to find user ${userWord}: no matching entries in passwd file`, { user: userWord });
  }
  const gidOf = (word: string): number => {
    const row = group.find((one) => one[0] === word);
    if (row !== undefined) return Number(row[2]);
    if (isId(word)) return Number(word);
    throw new ShiplogError('SPEC_INVALID', `unable to find group ${word}: no matching entries in group file`, { group: word });
  };
  const name = user?.[0];
  const member =
    groupWord === undefined && name !== undefined
      ? group.filter((row) => (row[3] ?? '').split(',').includes(name)).map((row) => Number(row[2]))
      : [];
  const gid = groupWord === undefined || groupWord === '' ? Number(user?.[3] ?? 0) : gidOf(groupWord);
  return {
    uid: Number(user?.[2] ?? (userWord === '' ? 0 : userWord)),
    gid,
    // With the primary group: a program that changes its group keeps what it is denied by it (CVE-2022-36109).
    additionalGids: [...new Set([gid, ...member, ...groups.map(gidOf)])],
    home: user?.[5] === undefined || user[5] === '' ? '/' : user[5],
  };
}

function isId(word: string): boolean {
  return /^\d{1,10}$/.test(word) && Number(word) <= 0x7fffffff;
}

async function rows(kernel: Kernel, rootfs: string, path: string): Promise<readonly string[][]> {
  return (await textOf(kernel, rootfs, path))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

/** A regular file's text; '' for anything else. An image may put a fifo, a device or a file without end there: opening must not wait. */
async function textOf(kernel: Kernel, rootfs: string, path: string): Promise<string> {
  try {
    const real = await kernel.files.resolveBeneath(rootfs, path);
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const info = await file.stat();
      return info.isFile() && info.size <= LIMIT ? await file.readFile('utf8') : '';
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'PATH_NOT_FOUND') return '';
    if (['ENOENT', 'EISDIR', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) return '';
    throw error;
  }
}
