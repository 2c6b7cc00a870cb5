/**
 * What the system says about processes: /proc, where there is one.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * When a process started, in clock ticks since boot. Undefined where there is no such process, when it has ended and is
 * only still listed, or without /proc.
 */
export function processStart(pid: number): number | undefined {
  const stat = readStat(pid)
  return stat === undefined ? undefined : stat.start
}

/** Whether there is a process of that number, whoever it is. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}

/** The processes that are left of a session: a runner, its program, and all they started that did not leave with setsid. */
export function sessionMembers(session: number): number[] {
  return processIds().filter((pid) => readStat(pid)?.session === session)
}

/** SIGTERM or SIGKILL to every process of a session, also to those that made process groups of their own. */
export function signalSession(session: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (session <= 1) return
  send(-session, signal)
  for (const pid of sessionMembers(session)) if (readStat(pid)?.group !== session) send(pid, signal)
}

/**
 * The runners that live, by the path of the journal that each holds open; a slot may have several. A runner leads a session;
 * its shell may have put the journal under another number while a program runs.
 */
export function runnersByJournal(): Map<string, number[]> {
  const runners = new Map<string, number[]>()
  for (const pid of processIds()) {
    if (readStat(pid)?.session !== pid) continue
    const journal = openFiles(pid).find((path) => path.endsWith('.journal'))
    if (journal !== undefined) runners.set(journal, [...(runners.get(journal) ?? []), pid])
  }
  return runners
}

/** What `ps` shows of it: the title that it has given itself, or its command line. */
export function processTitle(pid: number): string | undefined {
  return read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim()
}

interface Stat {
  readonly group: number
  readonly session: number
  readonly start: number
}

/** From /proc/<pid>/stat, whose fields are counted behind the name, which may hold blanks and brackets. */
function readStat(pid: number): Stat | undefined {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined
  return { group: Number(fields[2]), session: Number(fields[3]), start: Number(fields[19]) }
}

/** None where there is no /proc. */
export function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => readLink(`/proc/${pid}/fd/${fd}`) ?? [])
  } catch {
    return [] // of another user, or gone
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it is gone already
  }
}
