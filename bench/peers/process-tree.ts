/** CPU of a process and of all it started, also of those that have left their parent's session. */
import { readdirSync, readFileSync } from 'node:fs'

const CLOCK_TICKS_PER_SECOND = 100
const NANOSECONDS = 1_000_000_000

interface Entry {
  readonly pid: number
  readonly parent: number
  readonly ownSeconds: number
  /** Of children that it has waited for. */
  readonly childrenSeconds: number
}

/** To a hundredth of a second. */
export function cpuSecondsOfTree(root: number): number {
  return treeOf(root).reduce((sum, { ownSeconds, childrenSeconds }) => sum + ownSeconds + childrenSeconds, 0)
}

/** The same as exactly as the kernel knows it, for what uses next to nothing; a thread that has ended is not in it. */
export function exactCpuSecondsOfTree(root: number): number {
  return treeOf(root).reduce((sum, { pid, ownSeconds, childrenSeconds }) => {
    return sum + (scheduledSeconds(pid) ?? ownSeconds) + childrenSeconds
  }, 0)
}

function treeOf(root: number): Entry[] {
  const entries = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => entryOf(Number(name)))
    .filter((entry) => entry !== undefined)
  const wanted = new Set([root])
  for (let size = 0; size < wanted.size; ) {
    size = wanted.size
    for (const { pid, parent } of entries) if (wanted.has(parent)) wanted.add(pid)
  }
  return entries.filter(({ pid }) => wanted.has(pid))
}

function entryOf(pid: number): Entry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before the last `)` may hold blanks.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15)
    return {
      pid,
      parent: fields[1] ?? 0,
      ownSeconds: (user + system) / CLOCK_TICKS_PER_SECOND,
      childrenSeconds: (childrenUser + childrenSystem) / CLOCK_TICKS_PER_SECOND,
    }
  } catch {
    return undefined // it has ended
  }
}

/** Of all its threads; undefined where the kernel does not tell, or it has ended. */
function scheduledSeconds(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    const times = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    )
    return times.reduce((sum, time) => sum + time, 0) / NANOSECONDS
  } catch {
    return undefined
  }
}
