/** The plan of an adoption as a person reads it. */
import { amount, grouped } from '../../amount.ts'
import type { Step } from '../../queue/adopt/adopt-steps.ts'
import { formatDuration } from '../../time/duration.ts'
import { timeText } from '../../time/time-text.ts'
import { readableLine } from '../readable.ts'
import type { AdoptPlan, PlannedProgram } from './plan.ts'

const LONGEST_NAME = 60
const MOST_PROGRAMS = 40
/** As it was on two cores, with half of the time left to the site. */
const ROWS_PER_SECOND = 5_000

/** @param zone  whose wall clock times are of */
export function planText(plan: AdoptPlan, zone: string): string[] {
  const { table, total, goesOnBehind } = plan
  const begun = goesOnBehind === undefined ? [] : [`It was begun: rows up to id ${goesOnBehind} are done.`, '']
  return [
    `The table queue of ${table.database}: ${amount(total, 'row')}, ${table.engine}, ${table.collation}, ${grouped(table.bytes)} bytes.`,
    ...begun,
    ...statusLines(plan),
    ...timeLines(plan, zone),
    ...programLines(plan),
    ...(plan.notes.length === 0 ? [] : ['', ...plan.notes]),
    '',
    ...(plan.obstacles.length > 0 ? obstacleLines(plan) : stepLines(plan)),
  ]
}

function statusLines({ statuses }: AdoptPlan): string[] {
  return statuses.map(
    ({ status, count, becomes }) => `  status ${status.padEnd(5)} ${grouped(count).padStart(12)}   ${becomes ?? '?'}`,
  )
}

function timeLines({ table, rows, adoption }: AdoptPlan, zone: string): string[] {
  const column = table.columns.get('ctime')
  if (column === undefined || rows.groups.length === 0) return []
  if (rows.newest === null)
    return [`  ctime (${column.type}) says of the newest row no time that can be read: it counts as added now.`]
  const ofZone = /^(?:datetime|date|varchar|char)/.test(column.type) ? `, read in the zone ${adoption.zone}` : ''
  const isAhead = rows.newest > rows.now + 60_000
  const odd = isAhead ? ' That is to come: see --old-zone.' : ''
  return [`  The newest row was added ${timeText(zone, rows.newest, rows.now)}${ofZone}.${odd}`]
}

function programLines({ programs, adoption }: AdoptPlan): string[] {
  if (programs.length === 0) return []
  const width = Math.max(...programs.map(({ name }) => Math.min(LONGEST_NAME, name.length)))
  // What is missing comes first: it is what somebody has to see.
  const inOrder = programs.toSorted((a, b) => Number(a.missing === undefined) - Number(b.missing === undefined))
  const more = inOrder.length - MOST_PROGRAMS
  return [
    '',
    `Programs, by ${adoption.column}:`,
    ...inOrder.slice(0, MOST_PROGRAMS).map((program) => programLine(program, width)),
    ...(more > 0 ? [`  and ${more} more, which are there`] : []),
  ]
}

function programLine({ name, count, task, missing }: PlannedProgram, width: number): string {
  const shown = readableLine(name, LONGEST_NAME).padEnd(width)
  const trouble = missing === undefined ? '' : `   ! ${missing}`
  return `  ${shown} ${grouped(count).padStart(12)}   ${readableLine(task, LONGEST_NAME)}${trouble}`
}

function obstacleLines({ obstacles }: AdoptPlan): string[] {
  return ['It cannot be taken over as it stands:', ...obstacles.map((it) => `  ${it}`)]
}

/** Nothing for what is over at once. */
function lasting(seconds: number): string {
  return seconds < 10 ? '' : `, in some ${formatDuration(Math.ceil(seconds / 60) * 60_000)}`
}

const HOW: Readonly<Record<Step['kind'], string>> = {
  quick: 'no row is touched',
  online: 'producers go on meanwhile',
  copy: 'producers wait for the whole of it: needs --copy',
}

function stepLines({ table, total, tables, before, after }: AdoptPlan): string[] {
  const steps = [
    ...(tables.length === 0 ? [] : [`make the tables ${tables.join(', ')}`]),
    ...before.map(({ does, kind }) => `${does} (${HOW[kind]})`),
    ...(total === 0
      ? []
      : [`go through ${amount(total, 'row')} by id, in small writes${lasting(total / ROWS_PER_SECOND)}`]),
    ...after.map(({ does, kind }) => `${does} (${HOW[kind]})`),
  ]
  return [
    'It would',
    ...steps.map((step, i) => `  ${i + 1}. ${step}`),
    '',
    'Producers that INSERT with a list of columns go on unchanged, before, meanwhile and afterwards. What is done counts as finished',
    'when it was added.',
    `First take the line of the old doQueue out of the crontab and wait for it to end: what it took would run twice.`,
    `Then: queuectl adopt --yes${table.engine === 'InnoDB' ? '' : ' --copy'}`,
  ]
}
