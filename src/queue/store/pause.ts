/**
 * Pauses: a job is not started for the time being, and what works goes on.
 *
 * A pause is a row of `setting` named `pause:<job>@<host>`; its value says by whom, why, and until when. It is over when its
 * time has come by the database's clock, whether or not its row has been removed by then.
 */
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { nameOf, type PauseValue, type Stop, type StopKey, stopRows } from './stop.ts'

export interface Paused {
  readonly pause: Stop
  /** The pause of the same job and host that it took the place of. */
  readonly before: Stop | undefined
}

/** Puts a pause in force. One that is in force already gives way to it: the last word holds. */
export async function addPause(db: Driver, key: StopKey, value: PauseValue, patienceMs: number): Promise<Paused> {
  const name = nameOf({ ...key, kind: 'pause' })
  const text = JSON.stringify(value)
  const find = async () => (await stopRows(db)).find(({ stop }) => nameOf(stop) === name)
  return again(db.dialect, { forMs: patienceMs }, async () => {
    const before = await find()
    if (!(await update(db, name, text))) {
      await db.run(`INSERT INTO setting (name, value) VALUES (?, ?) ${db.dialect.orIgnore('name')}`, [name, text])
    }
    const after = await find()
    return { pause: after?.stop ?? lifted(key, value), before: before?.isOver === false ? before.stop : undefined }
  })
}

async function update(db: Driver, name: string, value: string): Promise<boolean> {
  const { changed } = await db.run(`UPDATE setting SET value = ?, mtime = ${db.dialect.now} WHERE name = ?`, [
    value,
    name,
  ])
  return changed > 0
}

/** Somebody lifted it in the same moment: then it is as if that had come a moment later. */
function lifted(key: StopKey, { by, reason, until }: PauseValue): Stop {
  return {
    ...{ ...key, kind: 'pause', by, since: Date.now() },
    ...(reason === null ? {} : { reason }),
    ...(until === null ? {} : { until }),
  }
}

/** Removes the rows of pauses that are over; one that was put in force anew in between stays. */
export async function removeOverPauses(db: Driver): Promise<void> {
  for (const { stop, value, isOver } of await stopRows(db)) {
    if (isOver) await db.run('DELETE FROM setting WHERE name = ? AND value = ?', [nameOf(stop), value])
  }
}
