/**
 * A rehearsal of what must never go wrong: of two claims at once one wins, and a write that names an old claim changes nothing.
 *
 * It is done on the live table, with the very statements of a claim, on one row of a queue whose name nobody can give and no
 * worker can work. The first claim stands in a transaction that is not committed yet when the second one comes, so they do
 * meet. The row is gone a moment later, and one that a killed rehearsal left is removed by the next.
 */
import { randomInt } from 'node:crypto'
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { checkNewTask } from '../new-task.ts'
import { addOne } from './add.ts'
import { examinerOf } from './examine/examiner.ts'
import { giveBack } from './give-back.ts'
import { take } from './take.ts'

export interface Rehearsal {
  /** How many of two claims on one row came through. */
  readonly claims: number
  /** A write that named a claim which is over changed the row. */
  readonly lostUpdate: boolean
  /** A transaction sees what others have committed since it began; undefined where that is not a setting. */
  readonly seesCommitted: boolean | undefined
  /** How far a time is off when a connection of another time zone reads it. */
  readonly zoneShiftMs: number
}

/** The colon is in no name that a queue may be given. */
export const REHEARSAL_QUEUE = 'doctor:rehearsal'

const NOBODY = 0
const PATIENCE_MS = 5_000
const SOME_TIME = 1_750_000_000_000

/** @param second  a connection of its own */
export async function rehearse(db: Driver, second: Driver): Promise<Rehearsal> {
  await sweep(db)
  const row = checkNewTask({ task: 'rehearsal' }, Date.now(), db.dialect.latestMs)
  const id = (await addOne(db, db.dialect, { ...row, queue: REHEARSAL_QUEUE })) ?? 0
  try {
    await db.run(`UPDATE queue SET run_at = ${db.dialect.fromMs('?')} WHERE id = ?`, [SOME_TIME, id])
    const claims = await race(db, second, id)
    return {
      claims,
      lostUpdate: await isLost(db, second, id),
      seesCommitted: await examinerOf(db.dialect).seesCommitted?.(db, second, id),
      zoneShiftMs: await zoneShift(second, id),
    }
  } finally {
    await again(db.dialect, { forMs: PATIENCE_MS }, () =>
      db.run('DELETE FROM queue WHERE id = ? AND queue = ?', [id, REHEARSAL_QUEUE]),
    )
  }
}

async function race(db: Driver, second: Driver, id: number): Promise<number> {
  const { dialect } = db
  const [ours, theirs] = [randomInt(1, 2 ** 47), randomInt(1, 2 ** 47)]
  const late: Promise<number>[] = []
  const first = await again(dialect, { forMs: PATIENCE_MS }, (attempt) =>
    db.transaction(async (tx) => {
      const taken = await take({ ...tx, dialect }, [id], ours, NOBODY, attempt)
      if (attempt === 0) {
        const claim = again(dialect, { forMs: PATIENCE_MS }, (nth) => take(second, [id], theirs, NOBODY, nth))
        late.push(claim.then((found) => found.size))
        late[0]?.catch(() => {}) // it is awaited below
      }
      await tx.all('SELECT id FROM queue WHERE id = ?', [id]) // by now the second one is there
      return taken.size
    }),
  )
  return first + ((await late[0]) ?? 0)
}

async function isLost(db: Driver, second: Driver, id: number): Promise<boolean> {
  const read = async () => {
    const [row] = await db.all<{ status: number; claim_token: number | null }>(
      'SELECT status, claim_token FROM queue WHERE id = ?',
      [id],
    )
    return { status: Number(row?.status), token: Number(row?.claim_token) }
  }
  const { token } = await read()
  const stale = { ...STALE, id, claimToken: token + 1 }
  await giveBack(second, [stale], PATIENCE_MS)
  const after = await read()
  return after.status !== 2 || after.token !== token
}

/** Nothing of a claimed task matters here but its id and its token. */
const STALE = {
  ...{ queue: REHEARSAL_QUEUE, task: 'rehearsal', param: '', attempt: 1, maxAttempts: null, retry: null },
  ...{ timeoutSeconds: null, expiresAt: null, uselessAt: null, shardKey: null, crashes: 0 },
}

async function zoneShift(second: Driver, id: number): Promise<number> {
  const { dialect } = second
  const { enter, leave } = examinerOf(dialect).otherZone
  return second.transaction(async (tx) => {
    for (const statement of enter) await tx.run(statement)
    const [row] = await tx.all<{ at: number }>(`SELECT ${dialect.asMs('run_at')} AS at FROM queue WHERE id = ?`, [id])
    for (const statement of leave) await tx.run(statement)
    return Number(row?.at) - SOME_TIME
  })
}

async function sweep(db: Driver): Promise<void> {
  const rows = await db.all<{ id: number }>(
    `SELECT id FROM queue ${db.dialect.useIndex('queue_claim')}
      WHERE queue = ? AND status = 0 AND ${db.dialect.added} <= ${db.dialect.fromNow('-60000')} LIMIT 100`,
    [REHEARSAL_QUEUE],
  )
  for (const { id } of rows) await db.run('DELETE FROM queue WHERE id = ? AND queue = ?', [id, REHEARSAL_QUEUE])
}
