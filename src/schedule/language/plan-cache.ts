/**
 * The plan that was read last, kept as JSON in the state directory: so that a tick need not load `schedule.ts` while it is
 * as it was, and knows what it said when it cannot be read any more.
 *
 * A file counts as unchanged by its size, its inode and the times of its last change. What a schedule takes from elsewhere,
 * an environment variable or the clock, is not seen by that: so a plan is believed for a few minutes and then read anew.
 * All of this is for speed, and to bridge a mistake. Where it cannot be written or read, ticks work without it.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { PlannedJob, Problem } from './plan.ts'

/** The minutes strictly between these have no slot of any job: UTC milliseconds. */
export interface Quiet {
  readonly after: number
  readonly before: number
}

export interface KeptPlan {
  readonly jobs: readonly PlannedJob[]
  /** When the file was read: UTC milliseconds. */
  readonly readAt: number
  /** For jobs that could not be read then: when they could, last. */
  readonly oldJobs: Readonly<Record<string, number>>
  /** Jobs that the file has and that could not be read. */
  readonly unread: readonly string[]
  readonly problems: readonly Problem[]
  readonly hash: string
  readonly quiet?: Quiet
}

/** What a plan was made from: files by their state, and what else decides how they are read. */
export interface Origin {
  readonly files: Readonly<Record<string, string>>
  readonly surroundings: string
}

interface Kept {
  readonly format: typeof FORMAT
  readonly path: string
  readonly origin: Origin
  readonly plan: KeptPlan
}

/** To be changed with the shape of what is kept, or of a planned job. */
const FORMAT = 2
/** A plan is read anew at every full ten minutes, when ticks have other things to do as well. */
const BELIEVED_MS = 600_000
const LOCAL_TIME = '/etc/localtime'
/** Clocks of file systems go by steps. */
const CLOCK_STEP_MS = 20

export class PlanCache {
  readonly #path: string
  readonly #file: string
  readonly #surroundings: string
  #kept: Kept | undefined

  /**
   * @param path      of the schedule file, absolute
   * @param entryUrl  what an import of our own name leads to
   */
  constructor(path: string, stateDirectory: string, entryUrl: string | undefined) {
    this.#path = path
    this.#file = join(stateDirectory, `plan-${basename(path)}-${checksum(path)}.json`)
    this.#surroundings = [process.version, process.env.TZ ?? '', entryUrl ?? ''].join('\n')
    this.#kept = this.#read()
  }

  /** Whatever was read last, however long ago. */
  get last(): KeptPlan | undefined {
    return this.#kept?.plan
  }

  /** The plan, when it can be taken for what the schedule says now. */
  fresh(now: number): KeptPlan | undefined {
    if (this.#kept === undefined) return undefined
    const { plan, origin } = this.#kept
    const isRecent = Math.floor(now / BELIEVED_MS) === Math.floor(plan.readAt / BELIEVED_MS)
    if (!isRecent || origin.surroundings !== this.#surroundings) return undefined
    return Object.entries(origin.files).every(([file, state]) => stateOf(file) === state) ? plan : undefined
  }

  /**
   * @param imported   the files that were loaded
   * @param startedAt  when loading them began; one that was changed since may have been read half
   */
  keep(plan: KeptPlan, imported: readonly string[], startedAt: number): void {
    const files = [this.#path, ...imported, import.meta.filename, ...packageFiles(this.#path), LOCAL_TIME]
    const states = Object.fromEntries(files.map((file) => [file, stateOf(file, startedAt - CLOCK_STEP_MS)]))
    this.#write(plan, { files: states, surroundings: this.#surroundings })
  }

  /** Notes in which minutes nothing is due. Where another plan was kept in the meantime, it is not noted. */
  keepQuiet(hash: string, quiet: Quiet): void {
    const kept = this.#read()
    if (kept === undefined || kept.plan.hash !== hash) return
    if (kept.plan.quiet?.before === quiet.before && kept.plan.quiet.after <= quiet.after) return
    this.#write({ ...kept.plan, quiet }, kept.origin)
  }

  #read(): Kept | undefined {
    try {
      const kept: Kept = JSON.parse(readFileSync(this.#file, 'utf8'))
      return kept.format === FORMAT && kept.path === this.#path ? kept : undefined
    } catch {
      return undefined
    }
  }

  /** In one step, so that whoever reads it meanwhile finds the old one or the new one. */
  #write(plan: KeptPlan, origin: Origin): void {
    this.#kept = { format: FORMAT, path: this.#path, origin, plan }
    const unfinished = `${this.#file}.${process.pid}`
    try {
      mkdirSync(dirname(this.#file), { recursive: true })
      writeFileSync(unfinished, JSON.stringify(this.#kept), { mode: 0o600 })
      renameSync(unfinished, this.#file)
    } catch {
      remove(unfinished)
    }
  }
}

/**
 * What tells one content of a file from another without reading it; `absent` when there is no file.
 *
 * @param settledBefore  a file that was changed later than that has no state to go by: UTC milliseconds
 */
function stateOf(file: string, settledBefore = Number.POSITIVE_INFINITY): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return 'absent'
  if (Number(stat.ctimeMs) > settledBefore) return 'changing'
  return `${stat.size} ${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs}`
}

/** The package.json that says of what kind the file's modules are, and those that would, were they there. */
function packageFiles(path: string): string[] {
  const files: string[] = []
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const file = join(directory, 'package.json')
    files.push(file)
    if (stateOf(file) !== 'absent' || directory === dirname(directory)) return files
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // the directory is not ours to write in
  }
}

/** FNV-1a: names files apart that bear one name in two directories. */
function checksum(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
