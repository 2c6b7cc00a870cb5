/**
 * What is open, as lines between the head and the foot of a frame: the board, one of its queues, or a task. Pure.
 */

import { plainLine, wrapTo } from '../display-width.ts'
import type { BoardState } from './board-state.ts'
import type { BoardFacts, TaskDetail } from './facts.ts'
import { type Line, textLine } from './line.ts'
import { type Problem, problemsOfQueue } from './problems.ts'
import { fill } from './room.ts'
import {
  failureSection,
  markedOf,
  programSection,
  queueSection,
  runningOf,
  runningSection,
  type Section,
  workerSection,
} from './sections.ts'

export interface Room {
  readonly width: number
  readonly height: number
}

const LINES_OF_PROBLEM = 2
const LABEL_WIDTH = 16
const LONGEST_TEXT = 1_000
const LINES_OF_TEXT = 6

export function openLines(facts: BoardFacts, state: BoardState, problems: readonly Problem[], room: Room): Line[] {
  const [wanted] = state.open
  switch (wanted.kind) {
    case 'board':
      return boardLines(facts, state, problems, room)
    case 'queue':
      return queueLines(wanted.queue, facts, state, problemsOfQueue(problems, wanted.queue), room)
    case 'task':
      return taskLines(
        wanted.id,
        facts,
        problems.filter(({ kind }) => kind === 'no-answer'),
        room,
      )
  }
}

function boardLines(facts: BoardFacts, state: BoardState, problems: readonly Problem[], room: Room): Line[] {
  const marked = markedOf(facts, state)
  const sections = [
    queueSection(facts, facts.queues, room.width, marked),
    workerSection(facts.workers, facts.now, room.width),
    runningSection(runningOf(facts, state), room.width, marked),
  ]
  return filled(problems, sections, 'No queue has a task, and no worker is there.', room)
}

function queueLines(
  queue: string,
  facts: BoardFacts,
  state: BoardState,
  problems: readonly Problem[],
  room: Room,
): Line[] {
  const { width } = room
  const marked = markedOf(facts, state)
  const detail = facts.detail?.kind === 'queue' && facts.detail.queue === queue ? facts.detail : undefined
  const workers = facts.workers.filter((worker) => worker.queue === queue)
  const own = facts.queues.filter((one) => one.queue === queue)
  const sections = [
    queueSection(facts, own, width),
    programSection(detail?.programs ?? [], width),
    workerSection(workers, facts.now, width),
    runningSection(runningOf(facts, state), width, marked),
    failureSection(detail?.failures ?? [], width, marked),
  ]
  const nothing = `Queue ${plainLine(queue, LONGEST_TEXT)} has no task, and no worker is there.`
  return filled(problems, sections, nothing, room)
}

function taskLines(id: number, facts: BoardFacts, problems: readonly Problem[], { width, height }: Room): Line[] {
  const detail = facts.detail?.kind === 'task' && facts.detail.id === id ? facts.detail : undefined
  const told = detail === undefined ? [textLine(`  Task ${id} …`, width)] : explanationLines(detail, width)
  return [...fill([problemSection(problems, width)], height), [], ...told]
}

function explanationLines({ sentence, facts, next }: TaskDetail, width: number): Line[] {
  const text = (given: string, room: number) => wrapTo(plainLine(given, LONGEST_TEXT), room, LINES_OF_TEXT)
  const all = next === undefined ? facts : [...facts, [next.what, next.command] as const]
  return [
    ...text(sentence, width - 2).map((line): Line => [{ text: `  ${line}`, style: 'bold' }]),
    [],
    ...all.flatMap(([label, value]) =>
      text(value, width - LABEL_WIDTH - 2).map(
        (line, i): Line => [{ text: `  ${(i === 0 ? label : '').padEnd(LABEL_WIDTH)}`, style: 'dim' }, { text: line }],
      ),
    ),
  ]
}

/** @param nothing  what to say when there is nothing to be shown */
function filled(problems: readonly Problem[], sections: readonly Section[], nothing: string, room: Room): Line[] {
  const known = sections.filter(({ rows }) => rows.length > 0)
  const above = problems.length > 0 ? [problemSection(problems, room.width)] : []
  const lines = fill([...above, ...known], room.height)
  return known.length > 0 ? lines : [...lines, [], textLine(`  ${nothing}`, room.width)]
}

/** The first ones are the most urgent; what is only kept back on purpose is no alarm. */
function problemSection(problems: readonly Problem[], width: number): Section {
  const rows = problems.flatMap(({ kind, text }) => {
    const style = kind === 'paused' || kind === 'stopped' ? 'yellow' : 'red'
    return wrapTo(text, width - 2, LINES_OF_PROBLEM).map(
      (line, i): Line => [
        { text: i === 0 ? '! ' : '  ', style },
        { text: line, style },
      ],
    )
  })
  return { title: [], rows, weight: 1.5 }
}
