/**
 * A task that nothing keeps back: who takes it, and when it is its turn.
 */
import { amount, counted, grouped } from '../../amount.ts'
import { formatDuration } from '../../time/duration.ts'
import { type Evidence, isAtWork, type LookedWorker, SILENT_MS, type Surroundings, type Turn } from './evidence.ts'
import type { Case, Fact } from './explanation.ts'
import { nobody } from './nobody.ts'
import type { Obstacle } from './obstacles.ts'
import { known, TICK_SILENT_MS, tickFact, when } from './words.ts'

/** What is ready is taken within a second or two by a worker that has a hand free. */
const TAKEN_WITHIN_MS = 5_000

export function turnOf(evidence: Evidence, around: Surroundings): Obstacle {
  const { task, turn, keyInTurn } = evidence
  if (turn === undefined) return notPromoted(evidence, around)
  const [worker] = turn.coveredBy
  if (worker === undefined) return nobody(evidence, turn, around)
  const who = placeOf(worker, turn)
  const facts: Fact[] = known(
    ['shard', `${turn.shard} of ${turn.total} (bucket ${task.bucket})`],
    ['worker', `${worker.host}:${worker.pid}, which has ${amount(worker.running, 'task')} in its hands`],
  )
  const say = (kind: Case, sentence: string, more: readonly Fact[] = []): Obstacle => ({
    case: kind,
    sentence: `Task ${task.id} ${sentence}.`,
    later: `it ${sentence}`,
    facts: [...facts, ...more],
  })
  if (worker.host !== around.host && task.now - worker.heardAt > SILENT_MS) {
    return say(
      'worker-silent',
      `waits for ${who}, which was last heard from ${when(task, around, worker.heardAt)}: its shard is free when its lease is over, at ${when(task, around, worker.leaseUntil)}`,
    )
  }
  if (keyInTurn !== undefined && keyInTurn.ahead.count > 0) {
    const { ahead, perKey } = keyInTurn
    return say(
      'behind',
      `is ready and waits for its turn: ${counted(ahead, 'task')} of its key ${ahead.count === 1 ? 'is' : 'are'} ahead of it, of a key ${perKey} ${perKey === 1 ? 'runs' : 'run'} at once, and keys take turns`,
    )
  }
  const count = worker.perKey === undefined ? turn.ahead.count : 0 // turns are not in the order of ids
  if (count > 0) return say('behind', `is ready and waits for its turn: ${aheadText(turn)}`)
  if (worker.running > 0) {
    const hands = worker.running === 1 ? 'the task' : `one of the ${grouped(worker.running)} tasks`
    return say('workers-busy', `is next: ${who} takes it when ${hands} that it has is done`)
  }
  const readyMs = task.now - Math.max(task.changedAt, task.runAt, task.addedAt)
  if (readyMs < TAKEN_WITHIN_MS) return say('next', `is next: ${who} takes it within a second or two`)
  return say(
    'not-taken',
    `is next, and ${who} has nothing to do and has not taken it for ${seconds(readyMs)}: it was told to take others, with --task or --since, or it stands still`,
  )
}

/** `14,201 tasks are ahead of it, at the rate of the last minutes about 12m` */
function aheadText({ ahead, perMinute }: Turn): string {
  const those = `${counted(ahead, 'task')} ${ahead.count === 1 ? 'is' : 'are'} ahead of it`
  if (perMinute === undefined || perMinute <= 0) return those
  const ms = (ahead.count / perMinute) * 60_000
  const time = ms < 60_000 ? 'less than a minute' : `about ${formatDuration(Math.round(ms / 60_000) * 60_000)}`
  return `${those}, at the rate of the last minutes ${ahead.isExact ? '' : 'more than '}${time}`.replace(
    'more than about',
    'more than',
  )
}

function placeOf({ host, pid, shards, total }: LookedWorker, { shard }: Turn): string {
  return `worker ${host}:${pid}${total === 1 ? '' : shards.length > 1 ? '' : ` of shard ${shard}/${total}`}`
}

/** Scheduled, and its time has come: any tick and any worker, whatever its queue, makes it ready. */
function notPromoted(evidence: Evidence, around: Surroundings): Obstacle {
  const { task, ticks, workers } = evidence
  const { id, runAt, now } = task
  const lastTick = Math.max(0, ...ticks.map(({ at }) => at))
  const isSomebodyThere = now - lastTick < TICK_SILENT_MS || workers.some((worker) => isAtWork(worker, now))
  const due = `has been due since ${when(task, around, runAt)}`
  const late = now - runAt > TICK_SILENT_MS
  const sentence =
    isSomebodyThere && !late
      ? `${due}: the next tick or worker makes it ready`
      : `${due}, and nobody has made it ready: that takes a tick or a worker, and none is there`
  return {
    case: isSomebodyThere && !late ? 'next' : 'not-promoted',
    sentence: `Task ${id} ${sentence}.`,
    later: `it ${sentence}`,
    facts: [tickFact(evidence, around)],
    ...(isSomebodyThere && !late ? {} : { next: { what: 'to find out', command: 'cron-mission doctor' } }),
  }
}

function seconds(ms: number): string {
  return formatDuration(Math.round(ms / 1_000) * 1_000)
}
