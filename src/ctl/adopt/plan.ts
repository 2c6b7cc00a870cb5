/**
 * What would become of an old queue table: put together from what was read of it, changing nothing.
 */

import { ourQueue, type Step, stepsAfter, stepsBefore } from '../../queue/adopt/adopt-steps.ts'
import type { Adoption } from '../../queue/adopt/adoption.ts'
import { keptWith } from '../../queue/adopt/kept-columns.ts'
import type { OldRows } from '../../queue/adopt/old-rows.ts'
import type { OldTable } from '../../queue/adopt/old-table.ts'
import { taskNamed } from '../../queue/adopt/old-values.ts'
import type { StatusName } from '../../queue/status.ts'
import { type Neighbours, obstacles } from './obstacles.ts'

export interface AdoptPlan {
  readonly table: OldTable
  readonly adoption: Adoption
  readonly rows: OldRows
  readonly total: number
  readonly statuses: readonly PlannedStatus[]
  readonly programs: readonly PlannedProgram[]
  /** Whole sentences that somebody should know before. */
  readonly notes: readonly string[]
  readonly before: readonly Step[]
  readonly after: readonly Step[]
  /** Other tables that are made. */
  readonly tables: readonly string[]
  /** Why it cannot be: whole sentences. */
  readonly obstacles: readonly string[]
  /** It was begun, and is gone on with behind this id. */
  readonly goesOnBehind: number | undefined
}

export interface PlannedStatus {
  readonly status: string
  readonly count: number
  /** Undefined while nobody has said what it means. */
  readonly becomes: StatusName | undefined
}

export interface PlannedProgram {
  readonly name: string
  readonly count: number
  readonly task: string
  /** Why no worker here could start it; undefined when it can. */
  readonly missing: string | undefined
}

export interface PlanRequest {
  readonly table: OldTable
  readonly adoption: Adoption
  readonly rows: OldRows
  readonly neighbours: Neighbours
  readonly missingTables: readonly string[]
  readonly goesOnBehind: number | undefined
  /** Why a task cannot be started here; undefined when it can. */
  readonly whyNot: (task: string) => string | undefined
}

/** `task` is a VARCHAR of that length. */
const LONGEST_TASK = 128

export function adoptPlan(request: PlanRequest): AdoptPlan {
  const { table, adoption, rows } = request
  const statuses = [...grouped(rows.groups, ({ status }) => status)].map(([status, count]) => ({
    status,
    count,
    becomes: stateOf(status, adoption),
  }))
  const programs = [...grouped(rows.groups, ({ program }) => program)].map(([name, count]) => {
    const task = taskNamed(name, adoption.map)
    return { name, count, task, missing: request.whyNot(task) }
  })
  const found = obstacles(table, adoption, request.neighbours)
  const isPossible = found.length === 0
  return {
    ...{ table, adoption, rows, statuses, programs, goesOnBehind: request.goesOnBehind },
    total: rows.groups.reduce((sum, { count }) => sum + count, 0),
    tables: request.missingTables,
    notes: isPossible ? notesOf(request) : [],
    before: isPossible ? stepsBefore(table, adoption) : [],
    after: isPossible ? stepsAfter(table, adoption.added) : [],
    obstacles: [...found, ...statusObstacles(statuses), ...programObstacles(programs, rows)],
  }
}

function stateOf(status: string, adoption: Adoption): StatusName | undefined {
  if (status === '0') return 'ready'
  return status === '1' ? 'done' : adoption.status[status]
}

function grouped<Item extends { readonly count: number }>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
): Map<string, number> {
  const sums = new Map<string, number>()
  for (const item of items) sums.set(nameOf(item), (sums.get(nameOf(item)) ?? 0) + item.count)
  return sums
}

function statusObstacles(statuses: readonly PlannedStatus[]): string[] {
  const unknown = statuses.filter(({ becomes }) => becomes === undefined).map(({ status }) => status)
  if (unknown.length === 0) return []
  const example = unknown.map((status) => `${status}=failed`).join(',')
  return [
    `There are rows with status ${unknown.join(', ')}. Say what they mean with --status, as in --status ${example}: ready, done, failed, cancelled or held.`,
  ]
}

function programObstacles(programs: readonly PlannedProgram[], { isCut }: OldRows): string[] {
  const tooLong = programs.find(({ task }) => [...task].length > LONGEST_TASK)
  if (isCut) return ['It names more programs than a person could look through. Is that the column? See --column.']
  return tooLong === undefined
    ? []
    : [
        `The program "${tooLong.task.slice(0, 40)}…" has a longer name than ${LONGEST_TASK} characters. Give it another one with --map.`,
      ]
}

/** Of an adoption that was begun, what was noted before: columns that are there now may be ours. */
function notesOf({ table, adoption, rows, goesOnBehind }: PlanRequest): string[] {
  if (goesOnBehind !== undefined) return []
  const { columns, indexes, triggers } = table
  const ours = ourQueue(adoption.added)
  const kept = ['id', 'param', 'status'].flatMap((name) => {
    const column = columns.get(name)
    const what = column === undefined ? undefined : keptWith(name, column.type, column.collation)
    return what === undefined ? [] : [`The column ${name} stays ${column?.type}: ${what}.`]
  })
  const shared = [...columns.keys()].filter(
    (name) => ours.columns.has(name) && !['id', 'param', 'status'].includes(name),
  )
  const touched = indexes.filter(
    ({ name, columns: own }) => name !== 'PRIMARY' && !ours.indexes.has(name) && own.includes('status'),
  )
  return [
    ...misreadNotes(rows),
    ...kept,
    ...(adoption.added === 'added_at'
      ? [
          `The column ctime (${columns.get('ctime')?.type}) stays the old pages' own; what we need of it is kept in added_at.`,
        ]
      : []),
    ...(shared.length === 0 ? [] : [`There already, and used as they are: ${shared.join(', ')}.`]),
    ...touched.map(
      ({ name, columns: own }) =>
        `The index ${name} (${own.join(', ')}) moves with every claim and every result. When no old page needs it: ALTER TABLE queue DROP KEY ${name}.`,
    ),
    ...triggers.map((name) => `The trigger ${name} runs with every claim and every result.`),
    ...([...columns.values()].some(({ isTouched }) => isTouched)
      ? ['A column that the server sets at every change is set by claims and results, too.']
      : []),
  ]
}

/** Programs are given what a connection of UTF-8 reads. */
function misreadNotes({ misread }: OldRows): string[] {
  if (misread === undefined) return []
  const at = [...misread.reads].findIndex((character) => character > '\x7f')
  const reads = [...misread.reads].slice(Math.max(0, at - 6), at + 8).join('')
  return [
    `Params are written over connections of latin1, and read as "${reads}" where UTF-8 was meant; programs would be given them so. Let the pages say SET NAMES utf8mb4, or the server for them: SET GLOBAL init_connect = 'SET NAMES utf8mb4'. What is there is mended by: UPDATE queue SET param = CONVERT(CAST(CONVERT(param USING latin1) AS BINARY) USING utf8mb4) WHERE status = 0.`,
  ]
}
