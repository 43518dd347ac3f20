/** What the checks call each call of a life: its verb, and of a verb that comes again its place. */
export function namesOfCalls(verbs: readonly string[]): readonly string[] {
  return verbs.map((verb, index) => (verbs.indexOf(verb) === index ? verb : `${verb}, call ${index + 1} of its life`));
}
