/**
 * A worker's own directory, and whose it is.
 *
 *     .queue/worker-4f1c0a2b-17/
 *         owner.9c3e5d0b7a41.4711.880012     the boot, pid and start of the process it belongs to;
 *                                            its time says until when the worker's lease lasts
 *         slot-0.journal  slot-0.out  …      see slot-files.ts
 *         stop.<id>.<token>.<reason>         a program that was asked to stop by whoever took the directory over
 *
 * The name carries the database's installation, because another database counts its workers from 1 as well. A directory
 * whose owner has ended is taken over by renaming the owner's file: of many who try, the rename succeeds for one.
 */
import { mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootTag, hasEnded, ownIdentity } from '../host/identity.ts'
import { exists } from '../host/processes.ts'
import { inputInMemory } from './input-file.ts'
import { stateComplaint } from './slot-files.ts'

export type DirectoryState =
  | { readonly kind: 'absent' }
  /** Of another user. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'owned' }
  | AbandonedDirectory

export interface AbandonedDirectory {
  readonly kind: 'abandoned'
  readonly workerId: number
  readonly path: string
  /** The name of the owner's file. */
  readonly owner: string
  /** The owner was of this boot of this host, and has ended. Otherwise only its lease can tell. */
  readonly isKnownGone: boolean
}

const OWNER = /^owner\.([0-9a-f]+)\.(\d+)\.(\d+)$/
const WORKER = /^worker-(\w+)-(\d+)$/
const SLOT = /^slot-(\d+)\./

export function workerDirectoryPath(stateDirectory: string, installation: string, workerId: number): string {
  return join(stateDirectory, `worker-${installation}-${workerId}`)
}

/**
 * The state directory without links in its path: a link such as `current` leads elsewhere after the next deploy, and what
 * a worker left behind must be found then.
 *
 * @throws Complaint when it cannot be made
 */
export function realStateDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true })
    return realpathSync(path)
  } catch (error) {
    throw stateComplaint(error, path)
  }
}

/** @throws Complaint when the state directory cannot be written */
export function makeWorkerDirectory(path: string): void {
  const unfinished = `${path}.${process.pid}`
  try {
    mkdirSync(unfinished, { mode: 0o700 })
    writeFileSync(join(unfinished, ownOwnerFile()), '')
    renameSync(unfinished, path) // from the first moment on it has an owner
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw stateComplaint(error, path)
  }
}

/**
 * Directories whose owner is not known to live: of this database, or of any.
 *
 * @param own  with it, a look that many may take at once: whoever finds a living owner before itself leaves the rest to that one
 */
export function abandonedDirectories(
  stateDirectory: string,
  installation?: string,
  own?: string,
): AbandonedDirectory[] {
  const abandoned: AbandonedDirectory[] = []
  let isFirst = own === undefined
  for (const { path, workerId } of workerDirectories(stateDirectory, installation)) {
    const found = look(path, workerId)
    if (found.kind === 'abandoned') abandoned.push(found)
    else if (path === own) isFirst = true
    else if (!isFirst) break
  }
  return abandoned
}

/** In the order of the workers' ids. */
function workerDirectories(stateDirectory: string, installation: string | undefined) {
  const found = list(stateDirectory).flatMap((name) => {
    const [, database, workerId] = WORKER.exec(name) ?? []
    if (workerId === undefined || (installation !== undefined && database !== installation)) return []
    return [{ path: join(stateDirectory, name), workerId: Number(workerId) }]
  })
  return found.toSorted((a, b) => a.workerId - b.workerId)
}

/** Whose a worker's directory is. */
export function look(path: string, workerId: number): DirectoryState {
  let names: string[]
  try {
    names = readdirSync(path)
  } catch (error) {
    return { kind: (error as { code?: string }).code === 'ENOENT' ? 'absent' : 'unreadable' }
  }
  const owner = names.find((name) => OWNER.test(name))
  const [, boot, pid, start] = OWNER.exec(owner ?? '') ?? []
  if (owner === undefined) return { kind: 'owned' } // it changes hands, or is being removed
  const isOfThisBoot = boot === bootTag()
  if (isOfThisBoot && !hasEnded(Number(pid), Number(start))) return { kind: 'owned' }
  return { kind: 'abandoned', workerId, path, owner, isKnownGone: isOfThisBoot }
}

/** @returns false when somebody else was faster */
export function takeOver({ path, owner }: AbandonedDirectory): boolean {
  try {
    renameSync(join(path, owner), join(path, ownOwnerFile()))
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return false
    throw error
  }
}

/** Notes until when our lease lasts, in UTC milliseconds, for whoever finds the directory when the database is away. */
export function noteLease(path: string, until: number): void {
  try {
    utimesSync(join(path, ownOwnerFile()), until / 1_000, until / 1_000)
  } catch {
    // the directory was removed; there is nothing to be found
  }
}

/** UTC milliseconds: until when the worker's lease lasts, as far as anybody noted it. */
export function leaseEnd(path: string): number {
  const owner = list(path).find((name) => OWNER.test(name)) ?? ''
  return statSync(join(path, owner), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** The numbers of the slots that have files in it. */
export function slotsOf(path: string): number[] {
  return [...new Set(list(path).flatMap((name) => SLOT.exec(name)?.[1] ?? []))].map(Number).toSorted((a, b) => a - b)
}

/** With the inputs that lie in memory. It is gone at once, or not at all. */
export function removeWorkerDirectory(path: string): void {
  for (const slot of slotsOf(path)) rmSync(inputInMemory(realpathSync(path), slot), { force: true })
  const gone = `${path}.${process.pid}`
  renameSync(path, gone)
  rmSync(gone, { recursive: true, force: true })
}

/** Directories that a process was making or removing when it was killed: its pid is the end of their names. */
export function removeUnfinished(stateDirectory: string, installation: string): void {
  const unfinished = new RegExp(`^worker-${installation}-\\d+\\.(\\d+)$`)
  for (const name of list(stateDirectory)) {
    const pid = unfinished.exec(name)?.[1]
    if (pid !== undefined && !exists(Number(pid))) rmSync(join(stateDirectory, name), { recursive: true, force: true })
  }
}

function ownOwnerFile(): string {
  const { pid, pidStart } = ownIdentity()
  return `owner.${bootTag()}.${pid}.${pidStart}`
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
