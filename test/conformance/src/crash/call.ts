/** One call of a verb. */
export interface Call {
  readonly verb: string;
  readonly args: object;
}
