/**
 * What was said already: trouble that lasts is told once, not in every minute's mail.
 *
 *     const alarms = new Alarms(stateDirectory, now)
 *     if (alarms.isNew(sentence)) complain(sentence)
 *     alarms.close()                                  // what did not occur any more is forgotten
 *
 * The texts that stand are kept in a file of the state directory; there is none while all is well. Where it cannot be
 * written, everything is said every time.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** By the sentence: until when it is remembered after it occurred last, in UTC milliseconds. */
type Said = Map<string, number>

export class Alarms {
  readonly #file: string
  readonly #now: number
  readonly #before: Said
  readonly #occurred: Said = new Map()

  /** @param now  UTC milliseconds */
  constructor(stateDirectory: string, now: number) {
    this.#file = alarmFile(stateDirectory)
    this.#now = now
    this.#before = read(this.#file)
  }

  /**
   * Whether a sentence has to be said: it was not, or what it tells had passed in between.
   *
   * @param forMs  for trouble that is not looked for in every minute: for so long it counts as the same when it comes again
   */
  isNew(sentence: string, forMs = 0): boolean {
    const isNew = !this.#before.has(sentence) && !this.#occurred.has(sentence)
    this.#occurred.set(sentence, this.#now + forMs)
    return isNew
  }

  close(): void {
    const lasting = [...this.#before].filter(([, until]) => until > this.#now)
    const standing = new Map([...lasting, ...this.#occurred])
    try {
      if (standing.size === 0) rmSync(this.#file, { force: true })
      else write(this.#file, standing)
    } catch {
      // then it is said again
    }
  }
}

/** Whether anything was said that may have passed. */
export function alarmsStand(stateDirectory: string): boolean {
  return existsSync(alarmFile(stateDirectory))
}

function alarmFile(stateDirectory: string): string {
  return join(stateDirectory, 'alarms.json')
}

function read(file: string): Said {
  try {
    return new Map(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return new Map()
  }
}

/** In one step: two ticks may write at once. */
function write(file: string, said: Said): void {
  const unfinished = `${file}.${process.pid}`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(unfinished, JSON.stringify([...said]), { mode: 0o600 })
  renameSync(unfinished, file)
}
