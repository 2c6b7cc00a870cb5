/**
 * What an adoption is to do with what stands in the old table, and how far it is: kept in a setting until it is done, so that
 * whoever goes on with it does the same.
 */
import { Complaint, EXIT } from '../../exit.ts'
import type { AddedColumn, Dialect, Executor } from '../driver.ts'
import { ADOPTION_SETTING } from '../migrate.ts'
import type { StatusName } from '../status.ts'

export interface Adoption {
  /** The column that names the program: `taskphp`. */
  readonly column: string
  /** Names of programs as they are there, and as they are from now on; others lose their directory. */
  readonly map: Readonly<Record<string, string>>
  /** Values of the old `status` besides 0 and 1, and `null`, with the state that they mean. */
  readonly status: Readonly<Record<string, AdoptedState>>
  /** What zone times without one are of: `SYSTEM`, `+08:00`, or a name that the server knows. */
  readonly zone: string
  readonly added: AddedColumn
}

export type AdoptedState = Extract<StatusName, 'ready' | 'done' | 'failed' | 'cancelled' | 'held'>

export interface Begun {
  readonly adoption: Adoption
  /** Rows up to this id have been gone through. */
  readonly cursor: number
}

/** @returns undefined when none is under way */
export async function readBegun(db: Executor, dialect: Dialect): Promise<Begun | undefined> {
  try {
    const [row] = await db.all<{ value: string }>('SELECT value FROM setting WHERE name = ?', [ADOPTION_SETTING])
    return row === undefined ? undefined : (JSON.parse(row.value) as Begun)
  } catch (error) {
    // A table setting of somebody else's has other columns: it is told of by the plan.
    if (dialect.isMissingTable(error) || isUnknownColumn(error)) return undefined
    throw error
  }
}

function isUnknownColumn(error: unknown): boolean {
  return (error as { errno?: number }).errno === 1054
}

export async function writeBegun(tx: Executor, begun: Begun): Promise<void> {
  const text = JSON.stringify(begun)
  const { changed } = await tx.run('UPDATE setting SET value = ? WHERE name = ?', [text, ADOPTION_SETTING])
  if (changed === 0) {
    await tx.run('INSERT INTO setting (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)', [
      ADOPTION_SETTING,
      text,
    ])
  }
}

/**
 * What was begun has to be ended as it was begun: some rows are mapped already.
 *
 * @throws Complaint (usage) when other words are given now
 */
export function refuseOtherWords(begun: Adoption, given: Partial<Adoption>): void {
  for (const name of ['column', 'map', 'status', 'zone'] as const) {
    const now = given[name]
    if (now !== undefined && JSON.stringify(now) !== JSON.stringify(begun[name])) {
      throw new Complaint(
        EXIT.usage,
        `The adoption was begun with other words for --${FLAGS[name]}. Give "queuectl adopt --yes" alone: it goes on as it was begun.`,
      )
    }
  }
}

const FLAGS = { column: 'column', map: 'map', status: 'status', zone: 'old-zone' } as const
