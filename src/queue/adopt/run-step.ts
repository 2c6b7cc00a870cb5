/**
 * One change of the table, in the way that keeps producers going.
 *
 * The server is asked for the gentlest way first, and says when it cannot. An ALTER waits for transactions that use the table,
 * and whoever comes meanwhile waits behind it: so it gives up after a few seconds, lets them pass, and asks again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Complaint, EXIT } from '../../exit.ts'
import type { Executor } from '../driver.ts'
import { errorNumber } from '../mysql-errors.ts'
import type { Step } from './adopt-steps.ts'

const WAYS: Readonly<Record<Step['kind'], readonly string[]>> = {
  quick: ['ALGORITHM=INSTANT', 'ALGORITHM=INPLACE, LOCK=NONE'],
  online: ['ALGORITHM=INPLACE, LOCK=NONE'],
  copy: [],
}
const COPY = 'ALGORITHM=COPY, LOCK=SHARED'
/** Seconds for which others may stand behind a change that waits. */
const WAIT_SECONDS = 2
const TRIES = 12
const REST_MS = 500

/**
 * @param mayCopy  also in the way for which producers wait
 * @throws Complaint when the server has no way that is allowed, or somebody keeps the table in use
 */
export async function runStep(tx: Executor, step: Step, mayCopy: boolean): Promise<void> {
  let refusal = 'it has to be copied'
  for (const way of [...WAYS[step.kind], ...(mayCopy ? [COPY] : [])]) {
    const answer = await tryWay(tx, `${step.sql}, ${way}`)
    if (answer === undefined) return
    refusal = answer
  }
  if (step.isOptional === true) return
  throw new Complaint(
    EXIT.badConfig,
    `The server cannot ${step.does} while producers go on (${refusal.replace(/\.$/, '')}). Give --copy, at a time when they can wait.`,
  )
}

/** @returns what the server says when it cannot do it in that way; undefined when it is done */
async function tryWay(tx: Executor, sql: string): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      await tx.run(`SET SESSION lock_wait_timeout = ${WAIT_SECONDS}`)
      await tx.run(sql)
      return undefined
    } catch (error) {
      const number = errorNumber(error)
      if (NOT_THAT_WAY.includes(number)) return (error as Error).message
      if (number !== LOCK_WAIT_TIMEOUT) throw error
      if (attempt === TRIES) throw new Complaint(EXIT.busy, IN_USE)
      await sleep(REST_MS)
    }
  }
}

const IN_USE =
  'Somebody keeps the table queue in use, in a transaction that does not end. See SHOW PROCESSLIST; then give the same command again, it goes on.'
const LOCK_WAIT_TIMEOUT = 1205
/** This algorithm or lock is not supported, or only for a reason that it names. */
const NOT_THAT_WAY = [1221, 1845, 1846]
