/** Like Promise.all, but a failure is told when all have ended: what is undone then is not being made any more. */
export async function together<T extends readonly unknown[]>(works: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
