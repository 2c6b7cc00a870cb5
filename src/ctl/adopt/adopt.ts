/**
 * `queuectl adopt`: reads what there is, plans, and on request carries the plan out.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { type Adoption, type Begun, readBegun, refuseOtherWords } from '../../queue/adopt/adoption.ts'
import { type CarryOut, carryOut } from '../../queue/adopt/carry-out.ts'
import { readOldRows } from '../../queue/adopt/old-rows.ts'
import { columnsOf, type OldTable, readOldTable } from '../../queue/adopt/old-table.ts'
import { globalZone, knowsZone } from '../../queue/adopt/old-zone.ts'
import type { Driver } from '../../queue/driver.ts'
import { expectedTables } from '../../queue/schema-parts.ts'
import { type AdoptPlan, adoptPlan } from './plan.ts'

/** What was said on the command line; the rest is as it usually is. */
export type GivenWords = Partial<Omit<Adoption, 'added'>>

const USUAL_COLUMN = 'taskphp'

/**
 * @param whyNot  why a task cannot be started here; undefined when it can
 * @throws Complaint when there is no such table, or the words make no sense
 */
export async function planAdoption(
  db: Driver,
  given: GivenWords,
  whyNot: (task: string) => string | undefined,
): Promise<AdoptPlan> {
  const table = await readOldTable(db, 'queue')
  if (table === undefined) {
    throw new Complaint(
      EXIT.badConfig,
      'This database has no table queue to be taken over. Name another one with --from, or run "queuectl migrate" for a new one.',
    )
  }
  const { foreign, missing } = await neighboursOf(db)
  const begun = foreign.length > 0 ? undefined : await readBegun(db, db.dialect)
  const adoption = await adoptionOf(db, table, given, begun)
  const canBeRead = ['id', 'status', adoption.column].every((name) => table.columns.has(name))
  const rows = canBeRead
    ? await readOldRows(db, table, {
        ...{ column: adoption.column, zone: adoption.zone, after: begun?.cursor ?? 0 },
        time: table.columns.get('ctime'),
      })
    : { groups: [], isCut: false, newest: null, now: 0, misread: undefined }
  return adoptPlan({
    ...{ table, adoption, rows, whyNot, neighbours: { foreign }, missingTables: missing },
    goesOnBehind: begun?.cursor,
  })
}

async function adoptionOf(db: Driver, table: OldTable, given: GivenWords, begun: Begun | undefined): Promise<Adoption> {
  await refuseUnknownZone(db, given.zone)
  if (begun !== undefined) {
    refuseOtherWords(begun.adoption, given)
    return begun.adoption
  }
  const time = table.columns.get('ctime')
  return {
    column: given.column ?? USUAL_COLUMN,
    map: given.map ?? {},
    status: given.status ?? {},
    zone: given.zone ?? (await globalZone(db)),
    added: time === undefined || time.type === 'timestamp(3)' ? 'ctime' : 'added_at',
  }
}

export async function refuseUnknownZone(db: Driver, zone: string | undefined): Promise<void> {
  if (zone === undefined || (await knowsZone(db, zone))) return
  throw new Complaint(
    EXIT.usage,
    `--old-zone is "${zone}", which the server does not know. Use SYSTEM, or an offset such as +08:00.`,
  )
}

/** Tables of our names: those that are not ours, and those that there are not. */
async function neighboursOf(db: Driver): Promise<{ foreign: string[]; missing: string[] }> {
  const others = expectedTables('mysql').filter(({ name }) => name !== 'queue')
  const live = await columnsOf(
    db,
    others.map(({ name }) => name),
  )
  return {
    missing: others.map(({ name }) => name).filter((name) => !live.has(name)),
    foreign: others
      .filter(({ name, columns }) => {
        const there = live.get(name)
        // One that was made and not altered yet has fewer columns, but none that we do not know.
        return there !== undefined && [...there].some((column) => !columns.has(column))
      })
      .map(({ name }) => name),
  }
}

/** @throws Complaint (bad configuration) naming the first reason why it cannot be */
export function refuseObstacles({ obstacles }: AdoptPlan): void {
  const [first] = obstacles
  if (first === undefined) return
  throw new Complaint(EXIT.badConfig, `The table queue cannot be taken over as it stands: ${first}`)
}

/** @throws Complaint (usage) when producers would have to wait and nobody has agreed to that */
export function refuseCopies({ before, table }: AdoptPlan, mayCopy: boolean): void {
  const copy = before.find(({ kind }) => kind === 'copy')
  if (copy === undefined || mayCopy) return
  throw new Complaint(
    EXIT.usage,
    `To ${copy.does} the server copies it (${table.bytes} bytes), and producers wait meanwhile. Give --copy, at a time when they can.`,
  )
}

export function runAdoption(db: Driver, plan: AdoptPlan, request: Omit<CarryOut, 'adoption'>): Promise<boolean> {
  return carryOut(db, { ...request, adoption: plan.adoption })
}
