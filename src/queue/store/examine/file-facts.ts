/** What SQLite says of the file that it keeps the database in. */
export interface FileFacts {
  readonly journalMode: string
  /** 0 off, 1 normal, 2 full, 3 extra. */
  readonly synchronous: number
  readonly bytes: number
  /** What is wrong inside; undefined when nothing is, and for a file that would take long to check. */
  readonly damage: string | undefined
}
