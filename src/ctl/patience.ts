/** How long a command asks a database that does not answer again, before it says so. */
export const PATIENCE_MS = 30_000
