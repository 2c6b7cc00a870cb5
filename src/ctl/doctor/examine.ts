/**
 * The examination, in its order: the tables first, because nothing else can be relied on without them, then what the database
 * works by, then what is in it. What cannot be looked at is a finding itself, and keeps nothing else from being looked at.
 */
import { clockFindings } from '../../doctor/clock.ts'
import { diskFindings, diskOf } from '../../doctor/directories.ts'
import { type Finding, problem } from '../../doctor/finding.ts'
import { problemsOf } from '../../doctor/report.ts'
import { Complaint } from '../../exit.ts'
import type { Driver } from '../../queue/driver.ts'
import { mismatch, readAdded, schemaVersion } from '../../queue/migrate.ts'
import { expectedTables } from '../../queue/schema-parts.ts'
import { SCHEMA_VERSION } from '../../queue/schema-version.ts'
import { databaseNow } from '../../queue/store/clock.ts'
import { examinerOf } from '../../queue/store/examine/examiner.ts'
import type { ServerFacts } from '../../queue/store/examine/server-facts.ts'
import { rehearse } from '../../queue/store/rehearsal.ts'
import { hasTasks } from '../../queue/store/table-rows.ts'
import { readableLine } from '../readable.ts'
import { clusterFindings, isClustered } from './cluster.ts'
import { examineContents, type Surroundings } from './contents.ts'
import { FILE_CHECKS, type FileBefore, fileFindings } from './file.ts'
import { explained, planFindings } from './plans.ts'
import { privilegeFindings } from './privileges.ts'
import { REHEARSAL_CHECKS, rehearsalFindings } from './rehearsal.ts'
import { SERVER_CHECKS, serverFindings, takesNoWrites } from './server.ts'
import { LOAD_CHECKS, loadFindings } from './server-load.ts'
import { tableFindings } from './tables.ts'

export interface Patient {
  readonly db: Driver
  /** Another connection. */
  readonly second: Driver
  /** The file of an embedded database, as it was before it was opened. */
  readonly file: FileBefore | undefined
  /** The name of this host. */
  readonly host: string
  readonly surroundings: Surroundings
}

export interface Examination {
  readonly findings: readonly Finding[]
  /** How many things were looked at. */
  readonly checks: number
  /** What is wrong makes other looks fail, in many ways that mean nothing new. */
  readonly hinders?: boolean
}

/** A clock that is off by more than this is a problem. */
const CLOCK_WRONG_MS = 10_000
const LONGEST_ERROR = 200

/** @throws Complaint when the database cannot be asked at all */
export async function examine(patient: Patient): Promise<Examination> {
  const version = await schemaVersion(patient.db, patient.db.dialect)
  await Promise.all([readAdded(patient.db), readAdded(patient.second)])
  const [tables, server, file, clock] = await Promise.all([
    attempt('tables', () => examineTables(patient, version)),
    attempt('settings', () => examineServer(patient)),
    attempt('file', () => examineFile(patient)),
    attempt('clock', () => examineClock(patient)),
  ])
  const known = together([tables, server, file, clock])
  if (version !== SCHEMA_VERSION) return known
  const isSound = tables.hinders !== true && server.hinders !== true
  const reach = isSound ? await attempt('database', () => examineReach(patient.db)) : NOTHING
  if (reach.findings.length > 0) return together([known, reach])
  const rest = await Promise.all([
    attempt('claims', () => (isSound ? examineClaims(patient) : NOTHING)),
    attempt('statements', () => examineStatements(patient.db, isSound), isSound),
    examineContents(patient.db, patient.surroundings, (check, look) => attempt(check, look, isSound)),
  ])
  return together([known, ...rest])
}

const NOTHING: Examination = { findings: [], checks: 0 }

function together(parts: readonly Examination[]): Examination {
  return {
    findings: parts.flatMap(({ findings }) => findings),
    checks: parts.reduce((sum, { checks }) => sum + checks, 0),
  }
}

async function attempt(
  check: string,
  look: () => Examination | Promise<Examination>,
  isTold = true,
): Promise<Examination> {
  try {
    return await look()
  } catch (error) {
    if (!isTold) return NOTHING
    if (error instanceof Complaint) return { checks: 1, findings: [problem(check, error.message)] }
    const why = readableLine((error as Error).message, LONGEST_ERROR).replace(/\.$/, '')
    return { checks: 1, findings: [problem(check, `This could not be looked at: ${why}.`)] }
  }
}

async function examineTables({ db }: Patient, version: number): Promise<Examination> {
  if (version !== SCHEMA_VERSION) return { checks: 1, findings: [problem('tables', mismatch(version))] }
  const expected = expectedTables(db.dialect.ddl, db.dialect.added)
  const findings = tableFindings(expected, await examinerOf(db.dialect).tables(db))
  return { checks: expected.length, findings, hinders: problemsOf(findings).length > 0 }
}

/** While somebody has the table locked, every other look would wait, and say the same. */
async function examineReach(db: Driver): Promise<Examination> {
  await hasTasks(db, 1)
  return NOTHING
}

async function examineFile({ db, file }: Patient): Promise<Examination> {
  if (file === undefined) return NOTHING
  const disk = diskFindings('database', file.file, diskOf(file.file))
  const facts = await examinerOf(db.dialect).file?.(db)
  const findings = facts === undefined ? [] : fileFindings(file, facts)
  return { checks: FILE_CHECKS + 1, findings: [...disk, ...findings] }
}

async function examineClock({ db }: Patient): Promise<Examination> {
  const before = Date.now()
  const now = await databaseNow(db)
  return { checks: 1, findings: clockFindings(now, { before, after: Date.now() }, CLOCK_WRONG_MS) }
}

async function examineServer({ db, host }: Patient): Promise<Examination> {
  const facts = await examinerOf(db.dialect).server?.(db)
  if (facts === undefined) return NOTHING
  const cluster = isClustered(facts) ? clusterFindings(facts) : []
  return {
    hinders: takesNoWrites(facts) || facts.refused.size > 0,
    checks: SERVER_CHECKS.length + LOAD_CHECKS.length + (isClustered(facts) ? 1 : 0) + 2,
    findings: [
      ...serverFindings(facts),
      ...privilegeFindings(facts),
      ...cluster,
      ...loadFindings(facts),
      ...dataDisk(facts, host),
    ],
  }
}

/** Where the server is on this very host. */
function dataDisk({ global }: ServerFacts, host: string): Finding[] {
  const directory = global.get('datadir')
  if (directory === undefined || global.get('hostname') !== host) return []
  try {
    return diskFindings('database', directory, diskOf(directory))
  } catch {
    return [] // it is in another container, or not for us to see
  }
}

async function examineClaims({ db, second }: Patient): Promise<Examination> {
  return { checks: REHEARSAL_CHECKS, findings: rehearsalFindings(await rehearse(db, second)) }
}

async function examineStatements(db: Driver, isSound: boolean): Promise<Examination> {
  const statements = await explained(db)
  const told = isSound ? statements : statements.filter(({ error }) => error === undefined)
  const findings = planFindings(told, examinerOf(db.dialect).freshStatistics('queue'))
  return { checks: new Set(statements.map(({ use }) => use)).size, findings }
}
