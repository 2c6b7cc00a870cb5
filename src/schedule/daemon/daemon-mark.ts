/**
 * The daemons of a project on this host, each known by a file in the state directory.
 *
 *     .queue/daemon.9c3e5d0b7a41.4711.880012     the boot, pid and start of its process
 *
 * Several daemons do no harm, as several ticks of a minute do not. The files are there so that this can be said, and so that workers
 * of a daemon that has left without them are the next one's: it finds the mark that they carry.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint, EXIT } from '../../exit.ts'
import { bootTag, hasEnded, ownIdentity } from '../../host/identity.ts'

const MARK = /^daemon\.([0-9a-f]+)\.(\d+)\.(\d+)$/

/** What a file says; one of an earlier version is empty. */
interface Content {
  /** `pid.start` of daemons before it, whose workers are its own now. */
  readonly inherited: readonly string[]
  /** The last minute for which it has started a tick, of one that has handed over: UTC milliseconds. */
  readonly ticked?: number | undefined
}

export interface DaemonMark extends Content {
  /** Says what the next daemon has to know. */
  handOver(ticked: number): void
  takeAway(): void
}

/** @returns the pids of those that live */
export function livingDaemons(stateDirectory: string): number[] {
  return marks(stateDirectory).flatMap(({ pid, isAlive }) => (isAlive ? [pid] : []))
}

/**
 * Leaves this process's mark and removes those of the dead, whose workers are ours from now on.
 *
 * @param carried  the marks, `pid.start`, that processes of this host carry
 * @throws Complaint when the state directory cannot be written
 */
export function leaveMark(stateDirectory: string, carried: ReadonlySet<string>): DaemonMark {
  const { pid, pidStart } = ownIdentity()
  const path = join(stateDirectory, `daemon.${bootTag()}.${pid}.${pidStart}`)
  const dead = marks(stateDirectory).filter(({ isOfThisBoot, isAlive }) => isOfThisBoot && !isAlive)
  const contents = dead.map((mark) => ({ mark, content: read(mark.path) }))
  const before = contents.flatMap(({ mark, content }) => [`${mark.pid}.${mark.start}`, ...content.inherited])
  const inherited = [...new Set(before)].filter((mark) => carried.has(mark))
  const minutes = contents.flatMap(({ content }) => content.ticked ?? [])
  try {
    mkdirSync(stateDirectory, { recursive: true })
    write(path, { inherited })
  } catch (error) {
    const { code } = error as { code?: string }
    throw new Complaint(
      code === 'ENOSPC' || code === 'EDQUOT' ? EXIT.busy : EXIT.badConfig,
      `The state directory ${stateDirectory} cannot be written (${code}). Make room or make it writable, or set QUEUE_STATE to another.`,
      { cause: error },
    )
  }
  for (const mark of dead) rmSync(mark.path, { force: true })
  return {
    inherited,
    ticked: minutes.length === 0 ? undefined : Math.max(...minutes),
    handOver: (ticked) => write(path, { inherited, ticked }),
    takeAway: () => rmSync(path, { force: true }),
  }
}

function marks(stateDirectory: string) {
  return list(stateDirectory).flatMap((name) => {
    const [, boot, pid, start] = MARK.exec(name) ?? []
    if (boot === undefined) return []
    const isOfThisBoot = boot === bootTag()
    const isAlive = isOfThisBoot && !hasEnded(Number(pid), Number(start))
    return [{ path: join(stateDirectory, name), pid: Number(pid), start: Number(start), isOfThisBoot, isAlive }]
  })
}

function write(path: string, content: Content): void {
  writeFileSync(path, JSON.stringify(content))
}

function read(path: string): Content {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { inherited: [] }
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
