/** How many times as long as elsewhere things may take here: more than 1 on an emulated machine. */
export const PATIENCE = Number(process.env['PATIENCE'] ?? 1);
