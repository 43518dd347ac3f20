import { ShiplogError } from '@shiplog/contracts';

/** Who a process runs as, in numbers, and that user's home. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

/** A text of the container's, by its path there; '' for what is no regular file. */
export type ReadText = (path: string) => Promise<string>;

/** Resolves `user[:group]` and more groups, names or numbers, by the container's own passwd(5) and group(5). */
export async function resolveUser(read: ReadText, spec: string, groups: readonly string[]): Promise<ResolvedUser> {
  const [passwd, group] = await Promise.all([rows(read, '/etc/passwd'), rows(read, '/etc/group')]);
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

async function rows(read: ReadText, path: string): Promise<readonly string[][]> {
  return (await read(path))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
