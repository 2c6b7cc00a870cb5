/**
 * The parts of the board: queues, workers, what runs, what failed. Each is a block of lines, of which as many are shown as have
 * room; the columns of a narrow window are fewer and have shorter titles.
 */
import { shardRanges } from '../../queue/bucket.ts'
import type { FailedTask } from '../../queue/store/failed-tasks.ts'
import { cutTo, plainLine, widthOf } from '../display-width.ts'
import { errorLine } from '../error-text.ts'
import { shortCount, shortDuration, shortNumber, sparkline, wholeDuration } from '../number-text.ts'
import { type BoardState, type Choice, selectedOf } from './board-state.ts'
import { type BoardFacts, hostAndPid, type QueueFacts, type RunningFacts, type WorkerFacts } from './facts.ts'
import { type Block, type BoardColumn, block } from './line.ts'
import { isDead, isPaused } from './problems.ts'
import type { Pace } from './pulse.ts'
import type { ProgramFacts } from './queue-detail.ts'

export interface Section extends Block {
  /** How much of the room it gets where not everything fits, beside the others. */
  readonly weight: number
  /** The marked row, which is always shown. */
  readonly marked?: number | undefined
}

const LONGEST_NAME = 60
const LONGEST_WORKER = 300
const LONGEST_TEXT = 300
const SHORT_NAME = 12
const USUAL_NAME = 16
const MOST_NAME = 30
/** Here some columns are left out, and names are short. */
const NARROW = 72
const NAME_SHARE = 0.15
const PACE = {
  done: { title: 'DONE/M', wideTitle: 'DONE/MIN', width: 6, side: 'right' },
  failed: { title: 'FAIL/M', wideTitle: 'FAILED/MIN', width: 6, side: 'right' },
  hour: { title: 'HOUR', wideTitle: 'LAST HOUR', width: undefined, from: NARROW },
} as const

/** What runs, of all queues or of the one that is open: what was read just before may have been of others. */
export function runningOf({ running }: BoardFacts, { open: [wanted] }: BoardState): readonly RunningFacts[] {
  return wanted.kind === 'queue' ? running.filter(({ queue }) => queue === wanted.queue) : running
}

/** What the arrows go through, from top to bottom. */
export function choicesOf(facts: BoardFacts, state: BoardState): Choice[] {
  const [wanted] = state.open
  if (wanted.kind === 'task') return []
  const running = runningOf(facts, state).map(({ id }): Choice => ({ kind: 'task', id }))
  if (wanted.kind === 'board')
    return [...facts.queues.map(({ queue }): Choice => ({ kind: 'queue', queue })), ...running]
  const failures = facts.detail?.kind === 'queue' ? facts.detail.failures : []
  return [...running, ...failures.map(({ id }): Choice => ({ kind: 'task', id }))]
}

export function queueSection(
  facts: BoardFacts,
  queues: readonly QueueFacts[],
  width: number,
  marked?: Choice,
): Section {
  const number = (title: string, wideTitle: string, cell: (row: QueueFacts) => string, from?: number) => ({
    ...{ title, wideTitle, width: title === 'READY' ? 6 : 5, side: 'right' as const, cell },
    ...(from === undefined ? {} : { from }),
  })
  const columns: BoardColumn<QueueFacts>[] = [
    {
      title: 'QUEUE',
      width: nameWidth(width, SHORT_NAME),
      cell: ({ queue }) =>
        isPaused(facts, queue) ? `${plainLine(queue, LONGEST_NAME)} ‖` : plainLine(queue, LONGEST_NAME),
      style: ({ queue }) => (isPaused(facts, queue) ? 'yellow' : undefined),
    },
    number('READY', 'READY', ({ ready }) => shortCount(ready)),
    number('SCHED', 'SCHEDULED', ({ scheduled }) => shortCount(scheduled), NARROW),
    number('RUN', 'RUNNING', ({ running }) => shortCount(running)),
    number('HELD', 'HELD', ({ held }) => shortCount(held), NARROW),
    number('FAILED', 'FAILED', ({ failed }) => shortCount(failed)),
    number('OLDEST', 'OLDEST', ({ oldestReadyMs }) =>
      oldestReadyMs === undefined ? '' : wholeDuration(oldestReadyMs),
    ),
    ...paceColumns<QueueFacts>(),
  ]
  const isMarked = ({ queue }: QueueFacts) => marked?.kind === 'queue' && marked.queue === queue
  return { ...block(columns, queues, width, isMarked), weight: 3, marked: indexOf(queues, isMarked) }
}

export function programSection(programs: readonly ProgramFacts[], width: number): Section {
  const time = (title: string, of: (row: ProgramFacts) => number | undefined): BoardColumn<ProgramFacts> => ({
    ...{ title, width: 6, side: 'right' },
    cell: (row) => duration(of(row)),
  })
  const columns: BoardColumn<ProgramFacts>[] = [
    { title: 'PROGRAM', width: nameWidth(width), cell: ({ task }) => plainLine(task, LONGEST_NAME) },
    time('MEDIAN', ({ medianMs }) => medianMs),
    time('P95', ({ slowMs }) => slowMs),
    ...paceColumns<ProgramFacts>(),
  ]
  return { ...block(columns, programs, width), weight: 2 }
}

function paceColumns<Row extends { readonly pace: Pace }>(): BoardColumn<Row>[] {
  return [
    { ...PACE.done, cell: ({ pace }) => shortNumber(pace.donePerMinute) },
    {
      ...PACE.failed,
      cell: ({ pace }) => shortNumber(pace.failuresPerMinute),
      style: ({ pace }) => (pace.failuresPerMinute > 0 ? 'red' : undefined),
    },
    { ...PACE.hour, cell: ({ pace }, room) => sparkline(pace.ended, room), style: () => 'cyan' },
  ]
}

export function workerSection(workers: readonly WorkerFacts[], now: number, width: number): Section {
  const columns: BoardColumn<WorkerFacts>[] = [
    { title: 'WORKER', width: undefined, cell: (worker, room) => workerText(hostAndPid(worker), room) },
    { title: 'QUEUE', width: nameWidth(width), cell: ({ queue }) => plainLine(queue, LONGEST_NAME) },
    { title: 'SHARDS', width: 10, cell: ({ shards, total }) => `${shardRanges(shards)} of ${total}` },
    { title: 'RUN', wideTitle: 'RUNNING', width: 7, side: 'right', cell: claimsText },
    { title: 'UP', width: 6, side: 'right', cell: ({ since }) => shortDuration(now - since) },
    {
      title: 'LEASE',
      width: 9,
      side: 'right',
      cell: leaseText,
      style: (worker) => (isDead(worker) ? 'red' : worker.asked ? 'yellow' : undefined),
    },
  ]
  return { ...block(columns, workers, width), weight: 1 }
}

/** `2+3` where two run, and three more are claimed. */
function claimsText({ running, waiting = 0 }: WorkerFacts): string {
  return waiting === 0 ? shortNumber(running) : `${shortNumber(running - waiting)}+${shortNumber(waiting)}`
}

/** Of a long name the process is what tells workers apart. */
function workerText(name: string, room: number): string {
  const line = plainLine(name, LONGEST_WORKER)
  const process = line.slice(line.lastIndexOf(':'))
  return widthOf(line) <= room ? line : cutTo(line.slice(0, -process.length), room - process.length) + process
}

function leaseText(worker: WorkerFacts): string {
  if (isDead(worker)) return 'DEAD'
  return worker.asked ? 'leaving' : wholeDuration(worker.leaseLeftMs)
}

export function runningSection(tasks: readonly RunningFacts[], width: number, marked?: Choice): Section {
  const columns: BoardColumn<RunningFacts>[] = [
    { title: 'RUNNING', width: 10, side: 'right', cell: ({ id }) => String(id) },
    {
      title: 'FOR',
      width: 6,
      side: 'right',
      cell: ({ forMs, hasBegun }) => (hasBegun === false ? 'waits' : wholeDuration(forMs)),
    },
    { title: 'PROGRAM', width: nameWidth(width), cell: ({ task }) => plainLine(task, LONGEST_NAME) },
    {
      title: 'WORKER',
      width: width < 100 ? 16 : 24,
      from: NARROW,
      cell: ({ worker = 'gone' }, room) => workerText(worker, room),
    },
    { title: 'KEY, PARAMETER', width: undefined, cell: keyAndParam },
  ]
  const isMarked = ({ id }: RunningFacts) => marked?.kind === 'task' && marked.id === id
  return { ...block(columns, tasks, width, isMarked), weight: 2, marked: indexOf(tasks, isMarked) }
}

function keyAndParam({ shardKey, param, isCancelled }: RunningFacts): string {
  const key = shardKey === null ? '' : `${plainLine(shardKey, LONGEST_NAME)}  `
  return `${isCancelled ? '(cancelled) ' : ''}${key}${plainLine(param, LONGEST_TEXT)}`
}

export function failureSection(failures: readonly FailedTask[], width: number, marked?: Choice): Section {
  const columns: BoardColumn<FailedTask>[] = [
    { title: 'FAILED', width: 10, side: 'right', cell: ({ id }) => String(id) },
    { title: 'AGO', width: 6, side: 'right', cell: ({ agoMs }) => (agoMs === undefined ? '' : wholeDuration(agoMs)) },
    { title: 'PROGRAM', width: nameWidth(width), cell: ({ task }) => plainLine(task, LONGEST_NAME) },
    { title: 'ERROR', width: undefined, cell: ({ error }) => plainLine(errorLine(error), LONGEST_TEXT) },
  ]
  const isMarked = ({ id }: FailedTask) => marked?.kind === 'task' && marked.id === id
  return { ...block(columns, failures, width, isMarked), weight: 1, marked: indexOf(failures, isMarked) }
}

/** The marked row of what is open. */
export function markedOf(facts: BoardFacts, state: BoardState): Choice | undefined {
  return selectedOf(state, choicesOf(facts, state))
}

function nameWidth(width: number, least = USUAL_NAME): number {
  return Math.min(MOST_NAME, Math.max(width < NARROW ? SHORT_NAME : least, Math.floor(width * NAME_SHARE)))
}

function duration(ms: number | undefined): string {
  return ms === undefined ? '' : shortDuration(ms)
}

function indexOf<Row>(rows: readonly Row[], isMarked: (row: Row) => boolean): number | undefined {
  const at = rows.findIndex(isMarked)
  return at === -1 ? undefined : at
}
