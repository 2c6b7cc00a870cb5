/**
 * What keeps a task back by what stands in its own row, in those of its key, and in the pauses.
 */
import { counted } from '../../amount.ts'
import { pausedSubject, queueResumeCommand, sinceAndBy } from '../../queue/pause-words.ts'
import { isHeldForMove } from '../../queue/store/move-out.ts'
import { pauseOfTask, type QueuePause } from '../../queue/store/queue-pause.ts'
import { HELD_FOR_PAUSE, LET_GO } from '../../queue/store/set-aside.ts'
import type { Evidence, Surroundings } from './evidence.ts'
import type { Case, Fact, NextStep } from './explanation.ts'
import { endingWords, known, line, maxAttempts, when } from './words.ts'

export interface Obstacle {
  readonly case: Case
  readonly sentence: string
  /** The same as a clause, for when it is not the first. */
  readonly later: string
  readonly facts?: readonly Fact[]
  readonly next?: NextStep
  /** Nobody would take it, whoever were there: workers need not be asked about. */
  readonly isLong?: true
}

export function hindrances(evidence: Evidence, around: Surroundings): Obstacle[] {
  return [held, expired, notDue, paused, keyBusy, keyFull, noProgram].flatMap((ask) => ask(evidence, around) ?? [])
}

function expired({ task }: Evidence, around: Surroundings): Obstacle | undefined {
  const { id, expiresAt, state, now } = task
  if (expiresAt === null || expiresAt > now) return undefined
  return {
    case: 'expired',
    sentence: `Task ${id} expired ${when(task, around, expiresAt)} before it was started: it fails when a worker takes it.`,
    later: `it fails, because it expired ${when(task, around, expiresAt)}`,
    ...(state === 'scheduled'
      ? { next: { what: 'to run it now', command: `queuectl retry ${id} --drop-expiry` } }
      : { next: { what: 'to be rid of it', command: `queuectl cancel ${id}` } }),
  }
}

function held({ task, pauses, move }: Evidence, around: Surroundings): Obstacle | undefined {
  const { id, state, heldFor, changedAt } = task
  if (state !== 'held') return undefined
  const since = when(task, around, changedAt)
  const release = { what: 'to let it go on', command: `queuectl release ${id}` }
  if (heldFor === HELD_FOR_PAUSE) {
    const pause = pauseOfTask(pauses, task.queue, task.task)
    const sentence =
      pause === undefined
        ? `Task ${id} was set aside for a pause that is over: the next tick or worker lets it go on.`
        : `Task ${id} is set aside, because ${pauseText(pause, around)}.`
    return { case: 'held-pause', sentence, later: sentence, isLong: true, ...(pause && { next: resume(pause) }) }
  }
  if (isHeldForMove(heldFor)) {
    const to = move === undefined ? 'another database' : line(move.where)
    return {
      case: 'held-move',
      sentence: `Task ${id} is held since ${since} by a move to ${to} that has not finished: the same "queuectl move" goes on with it.`,
      later: `a move to ${to} holds it`,
      isLong: true,
    }
  }
  const last = task.past.at(-1)
  if (last?.outcome === 'crashed' && last.attempt === task.attempts) {
    return {
      case: 'held-crashed',
      sentence: `Task ${id} is held since attempt ${last.attempt} crashed, ${when(task, around, last.finishedAt ?? changedAt)}: how far it came is not known, and a person has to look.`,
      later: 'it is held, because it crashed',
      isLong: true,
      next: release,
    }
  }
  return {
    case: 'held',
    sentence: `Task ${id} is held since ${since}: somebody asked for that, and it waits until it is released.`,
    later: 'it is held',
    isLong: true,
    next: release,
  }
}

function notDue({ task }: Evidence, around: Surroundings): Obstacle | undefined {
  const { id, runAt, now, state, attempts, expiresAt } = task
  if (runAt <= now || (state === 'held' && task.past.length === 0)) return undefined
  const next = state === 'held' ? {} : { next: { what: 'to run it now', command: `queuectl retry ${id}` } }
  const useless = expiresAt !== null && expiresAt <= runAt
  const facts: Fact[] = useless ? [['but then', 'it has expired, and fails']] : []
  const last = task.past.at(-1)
  if (last !== undefined) {
    const of = `attempt ${last.attempt} of ${maxAttempts(task, around)}`
    const isCounted = attempts === last.attempt
    const note = last.outcome === 'exit' && last.exitCode === 75 ? ', try later' : ''
    return {
      case: 'retry',
      sentence: `Task ${id} is tried again ${when(task, around, runAt)}, because ${of} did not end well: ${endingWords(last)}${note}.`,
      later: `it is tried again ${when(task, around, runAt)}`,
      isLong: true,
      facts: [
        ...facts,
        ...(isCounted
          ? []
          : known([
              'not counted',
              `attempt ${last.attempt}, so it has ${of.replace(/^attempt \d+ of/, `${attempts} of`)}`,
            ])),
      ],
      ...next,
    }
  }
  return {
    case: 'not-due',
    sentence: `Task ${id} is not due before ${when(task, around, runAt)}: whoever added it asked for that.`,
    later: `it is not due before ${when(task, around, runAt)}`,
    isLong: true,
    facts,
    ...next,
  }
}

function paused({ task, pauses }: Evidence, around: Surroundings): Obstacle | undefined {
  const pause = pauseOfTask(pauses, task.queue, task.task)
  if (pause === undefined || task.heldFor === HELD_FOR_PAUSE) return undefined
  if (pause.task !== undefined && task.heldFor === LET_GO) return undefined // a person let this one go all the same
  const text = pauseText(pause, around)
  return {
    case: pause.task === undefined ? 'queue-paused' : 'task-paused',
    sentence: `Task ${task.id} is not started, because ${text}.`,
    later: text,
    isLong: true,
    next: resume(pause),
  }
}

/** `queue mail is paused since 2026-11-20 18:04 by root@web-1 until 19:00: the mail server is down` */
function pauseText(pause: QueuePause, { zone }: Surroundings): string {
  const reason = pause.reason === undefined ? '' : `: ${pause.reason}`
  return line(`${pausedSubject(pause)} is paused ${sinceAndBy(pause, zone)}${reason}`)
}

function resume(pause: QueuePause): NextStep {
  return { what: 'to lift it', command: queueResumeCommand(pause) }
}

function keyBusy({ task, blocker, inLane, workers }: Evidence, around: Surroundings): Obstacle | undefined {
  if (blocker === undefined || task.shardKey === null) return undefined
  const { id, state, runAt } = blocker
  const worker = workers.find(({ workerId }) => workerId === blocker.workerId) ?? blocker.worker
  const at = (time: number) => when(task, around, time)
  const how =
    state === 'running'
      ? `is running${worker === undefined || worker === null ? '' : ` on ${worker.host}:${worker.pid}`} since ${at(blocker.startedAt ?? blocker.changedAt)}`
      : state === 'scheduled'
        ? `did not end well and is tried again ${at(runAt)}`
        : state === 'held'
          ? `is held since ${at(blocker.changedAt)}`
          : `is ready itself`
  return {
    case: 'key-busy',
    sentence: `Task ${task.id} waits for task ${id} of the same key, which ${how}.`,
    later: `task ${id} of the same key comes first, and ${how}`,
    isLong: true,
    facts: known(
      ['key', line(task.shardKey)],
      ['ahead of it', inLane && inLane.count > 0 ? `${counted(inLane, 'task')} of its key` : undefined],
    ),
    next: { what: 'about that one', command: `queuectl why ${id}` },
  }
}

/** Where keys take turns: as many of this one are in workers' hands as may run. */
function keyFull({ task, keyInTurn }: Evidence): Obstacle | undefined {
  if (keyInTurn === undefined || task.shardKey === null || task.state !== 'ready') return undefined
  const { perKey, claimed, ahead } = keyInTurn
  if (claimed.length < perKey) return undefined
  const key = line(task.shardKey)
  return {
    case: 'key-full',
    sentence: `Task ${task.id} waits for its turn: its key ${key} has ${perKey} of ${perKey} tasks running.`,
    later: `its key ${key} has ${perKey} of ${perKey} tasks running`,
    isLong: true,
    facts: known(['ahead of it', ahead.count > 0 ? `${counted(ahead, 'task')} of its key` : undefined]),
    next: { what: 'about the first of them', command: `queuectl why ${claimed[0]}` },
  }
}

/** Told when it matters: nothing else keeps the task, or it has failed for that before. */
function noProgram({ task }: Evidence, { program }: Surroundings): Obstacle | undefined {
  if (program?.kind !== 'unstartable') return undefined
  return {
    case: 'no-program',
    sentence: `Task ${task.id} cannot be started on this host: ${line(program.reason)}.`,
    later: `it cannot be started on this host: ${line(program.reason)}`,
  }
}
