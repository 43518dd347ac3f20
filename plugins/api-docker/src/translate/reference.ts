/** `repo` with `tag`, which defaults to latest; as it is when it names a digest. */
export function withTag(repo: string, tag: string | null): string {
  if (repo.includes('@')) return repo;
  return tag === null || tag === ''
    ? /:[^:/]+$/.test(repo)
      ? repo
      : `${repo}:latest`
    : `${repo}${tag.startsWith('sha256:') ? '@' : ':'}${tag}`;
}
