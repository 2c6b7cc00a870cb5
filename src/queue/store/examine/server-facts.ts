/** What a server says of itself. */
export interface ServerFacts {
  /** `10.11.19-MariaDB`. */
  readonly version: string
  /** Variables by their names in lower case: of our connection, and the server's own, which other connections begin with. */
  readonly session: Variables
  readonly global: Variables
  readonly status: Variables
  /** The server that this one copies, where it does and where we may know. */
  readonly copies: string | undefined
  /** Undefined where we may not see it. */
  readonly oldestTransaction: OldTransaction | undefined
  /** How many changes nobody could clear away yet; undefined where we may not see it. */
  readonly historyLength: number | undefined
  /** Who we are to the server: `shop@web-1`. */
  readonly user: string
  readonly database: string
  /** By table, which of SELECT, INSERT, UPDATE and DELETE are refused to us. */
  readonly refused: ReadonlyMap<string, readonly string[]>
}

export type Variables = ReadonlyMap<string, string>

export interface OldTransaction {
  readonly connection: number
  /** Undefined where the connection has ended or we may not see it. */
  readonly user: string | undefined
  readonly host: string | undefined
  readonly ageMs: number
}
