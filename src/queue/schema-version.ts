/** The version of the tables that this program was written for: that of the last migration. */
export const SCHEMA_VERSION = 5
