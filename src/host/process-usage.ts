/**
 * What a process that is asked again and again has used so far: the file of /proc is opened once, and read anew each time.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

export interface Usage {
  /** Of the process, and of the children that it waited for; the system counts in hundredths of a second. */
  readonly cpuMs: number
  readonly residentBytes: number
}

/** Linux tells times in this unit, whatever the kernel counts in. */
const TICK_MS = 10
const LONGEST_STAT_BYTES = 1_024

export class ProcessUsage {
  readonly #fd: number | undefined
  readonly #buffer = Buffer.alloc(LONGEST_STAT_BYTES)

  constructor(pid: number) {
    this.#fd = open(`/proc/${pid}/stat`)
  }

  /** Undefined when the process has ended, and `unknown` where there is no /proc. */
  read(): Usage | undefined | 'unknown' {
    if (this.#fd === undefined) return 'unknown'
    let stat: string
    try {
      stat = this.#buffer.toString('latin1', 0, readSync(this.#fd, this.#buffer, 0, this.#buffer.length, 0))
    } catch {
      return undefined
    }
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (stat === '' || fields[0] === 'Z' || fields[0] === 'X') return undefined
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return { cpuMs: ticks * TICK_MS, residentBytes: Number(fields[21]) * pageBytes() }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
  }
}

let knownPageBytes: number | undefined

/** Node does not say, but it tells its own memory in bytes, and the system tells it in pages. */
function pageBytes(): number {
  knownPageBytes ??= 2 ** Math.round(Math.log2(process.memoryUsage.rss() / ownPages()))
  return knownPageBytes
}

function ownPages(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[21])
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}
