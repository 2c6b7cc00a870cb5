/**
 * What a person has opened, selected and is being asked: a pure function from a key to the next state, and to what is to be done.
 */

import { isSame, type Wanted } from './facts.ts'
import { QUICKEST_MS, quicker, slower } from './interval.ts'
import type { Key } from './keys.ts'

export interface BoardState {
  /** What is open; below it, what Escape goes back to. */
  readonly open: readonly [Wanted, ...Wanted[]]
  /** Of what is open: the marked row. */
  readonly selected: Choice | undefined
  readonly asking: Question | undefined
  readonly showsKeys: boolean
  readonly intervalMs: number
  /** What came of the last thing that was asked for. */
  readonly said: string | undefined
}

/** What can be marked with the arrows. */
export type Choice = Exclude<Wanted, { readonly kind: 'board' }>

/** To be answered with y or n. */
export interface Question {
  readonly act: 'pause' | 'resume'
  readonly queue: string
}

export type Act = { readonly kind: 'leave' | 'suspend' | 'look' | 'repaint' } | ({ readonly kind: 'change' } & Question)

/** What can be marked now, from top to bottom, and what is paused. */
export interface Surroundings {
  readonly choices: readonly Choice[]
  readonly isPaused: (queue: string) => boolean
}

export interface Step {
  readonly state: BoardState
  readonly act?: Act
}

export function firstState(wanted: Wanted, intervalMs: number): BoardState {
  return {
    ...{ open: [wanted], selected: undefined, asking: undefined, showsKeys: false, said: undefined },
    intervalMs: Math.max(QUICKEST_MS, intervalMs),
  }
}

export function press(before: BoardState, key: Key, around: Surroundings): Step {
  const state = { ...before, said: undefined }
  if (key === 'ctrl-c') return { state, act: { kind: 'leave' } }
  if (key === 'ctrl-z') return { state, act: { kind: 'suspend' } }
  if (key === 'ctrl-l') return { state, act: { kind: 'repaint' } }
  if (state.asking !== undefined) return answer(state, state.asking, key)
  if (key === 'q') return { state, act: { kind: 'leave' } }
  if (state.showsKeys) return { state: { ...state, showsKeys: false } }
  switch (key) {
    case '?':
      return { state: { ...state, showsKeys: true } }
    case 'up':
    case 'k':
      return { state: { ...state, selected: neighbour(state.selected, around.choices, -1) } }
    case 'down':
    case 'j':
      return { state: { ...state, selected: neighbour(state.selected, around.choices, 1) } }
    case 'enter':
      return opened(state, around.choices)
    case 'escape':
      return closed(state)
    case 'p':
      return asked(state, around)
    case '+':
      return { state: { ...state, intervalMs: slower(state.intervalMs) } }
    case '-':
      return { state: { ...state, intervalMs: quicker(state.intervalMs) } }
    case 'space':
      return { state, act: { kind: 'look' } }
    default:
      return { state }
  }
}

/** The marked row, where it is still there. */
export function selectedOf({ selected }: BoardState, choices: readonly Choice[]): Choice | undefined {
  return choices.find((choice) => selected !== undefined && isSame(choice, selected))
}

function neighbour(selected: Choice | undefined, choices: readonly Choice[], step: 1 | -1): Choice | undefined {
  const at = choices.findIndex((choice) => selected !== undefined && isSame(choice, selected))
  if (at === -1) return step === 1 ? choices[0] : choices.at(-1)
  return choices[Math.min(choices.length - 1, Math.max(0, at + step))]
}

function opened(state: BoardState, choices: readonly Choice[]): Step {
  const wanted = selectedOf(state, choices)
  if (wanted === undefined) return { state: { ...state, said: 'Mark a row with the arrows first.' } }
  return { state: { ...state, open: [wanted, ...state.open], selected: undefined }, act: { kind: 'look' } }
}

/** What was opened is marked where it was opened. */
function closed(state: BoardState): Step {
  const [left, next, ...rest] = state.open
  if (next === undefined) return { state: { ...state, selected: undefined } }
  const selected = left.kind === 'board' ? undefined : left
  return { state: { ...state, open: [next, ...rest], selected }, act: { kind: 'look' } }
}

function asked(state: BoardState, { choices, isPaused }: Surroundings): Step {
  const [wanted] = state.open
  const marked = selectedOf(state, choices)
  const queue = marked?.kind === 'queue' ? marked.queue : wanted.kind === 'queue' ? wanted.queue : undefined
  if (queue === undefined) return { state: { ...state, said: 'Mark a queue with the arrows first.' } }
  return { state: { ...state, asking: { act: isPaused(queue) ? 'resume' : 'pause', queue } } }
}

function answer(state: BoardState, question: Question, key: Key): Step {
  const answered = { ...state, asking: undefined }
  if (key === 'y') return { state: answered, act: { kind: 'change', ...question } }
  const isNo = key === 'n' || key === 'escape' || key === 'q' || key === 'enter'
  return { state: isNo ? { ...answered, said: 'Nothing was changed.' } : state }
}
