/** What became of an image that was to go: a name, or the image itself. */
export function removedImageLine({ Untagged, Deleted }: { readonly Untagged?: string; readonly Deleted?: string }): string {
  return Untagged === undefined ? `Deleted: ${Deleted}` : `Untagged: ${Untagged}`;
}
