/**
 * The two day logs that a tick writes to, each opened when there is something to write.
 */
import { ownIdentity } from '../../../host/identity.ts'
import { DayLog } from '../../../log/day-log.ts'
import type { Settings } from '../../settings.ts'

export class Logs {
  readonly #settings: Settings
  #tick: DayLog | undefined
  #worker: DayLog | undefined

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get tick(): DayLog {
    this.#tick ??= this.#open('cron-mission')
    return this.#tick
  }

  /** What workers write, and what is written for one that has died. */
  get worker(): DayLog {
    this.#worker ??= this.#open('do-queue')
    return this.#worker
  }

  close(): void {
    this.#tick?.close()
    this.#worker?.close()
  }

  #open(name: 'cron-mission' | 'do-queue'): DayLog {
    const { host, pid } = ownIdentity()
    const { logsDirectory: directory, timezone: zone, logFormat: format } = this.#settings
    return new DayLog({ directory, name, zone, format, source: { host, pid, shard: '-' } })
  }
}
