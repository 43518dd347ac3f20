/** What is sent to be built from, and where in it the Dockerfile is. */
export interface SentContext {
  readonly tar: AsyncIterable<Uint8Array>;
  readonly dockerfile: string;
}
