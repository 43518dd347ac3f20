/** What can be inspected, in the order in which `any` looks. */
export const INSPECT_KINDS = ['container', 'image', 'network', 'volume'] as const;

export type InspectKind = (typeof INSPECT_KINDS)[number];
