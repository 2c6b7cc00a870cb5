/**
 * The tasks that are claimed and not started yet, in the order in which they were claimed.
 *
 * Of one lane one task runs at a time, the smallest id first. When it ends and is not finished, those behind it must not go
 * on: they are taken out, and until a later look finds the lane free again nothing of it is accepted.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { laneOf, type Unfinished } from '../queue/store/lane.ts'

export class Waiting {
  #tasks: ClaimedTask[] = []
  readonly #busy = new Set<string>()
  readonly #unfinished = new Map<string, Map<number, number>>()
  /** Lanes of which a task has ended unfinished since the last look, booked or not: the look did not know of it. */
  readonly #endedSinceLook = new Set<string>()

  get tasks(): readonly ClaimedTask[] {
    return this.#tasks
  }

  /** One of the tasks could be started now. */
  get canStart(): boolean {
    return this.#tasks.some((task) => this.#isFree(task))
  }

  /** Lanes of which a task runs. */
  get busy(): ReadonlySet<string> {
    return this.#busy
  }

  /** By lane, the tasks of it that ended, are not finished, and are not booked yet: a copy. */
  get unfinished(): Unfinished {
    return new Map([...this.#unfinished].map(([lane, tasks]) => [lane, new Set(tasks.keys())]))
  }

  /** More is looked for: what is found goes by what is `unfinished` now. */
  look(): Unfinished {
    this.#endedSinceLook.clear()
    return this.unfinished
  }

  /** @returns those that are not accepted, because a task before them has ended unfinished since the look */
  add(tasks: readonly ClaimedTask[]): ClaimedTask[] {
    const isOpen = (task: ClaimedTask) => !this.#endedSinceLook.has(laneOfTask(task) ?? '')
    const { accepted = [], refused = [] } = Object.groupBy(tasks, (task) => (isOpen(task) ? 'accepted' : 'refused'))
    this.#tasks.push(...accepted)
    for (const task of accepted) this.#forget(laneOfTask(task) ?? '', task.id)
    return refused
  }

  take(): ClaimedTask | undefined {
    const place = this.#tasks.findIndex((task) => this.#isFree(task))
    const first = this.#tasks[place]
    if (first === undefined) return undefined
    const lane = laneOfTask(first)
    if (lane === undefined) {
      this.#tasks.splice(place, 1)
      return first
    }
    this.#busy.add(lane)
    const next = this.#tasks.reduce(
      (least, task) => (laneOfTask(task) === lane && task.id < least.id ? task : least),
      first,
    )
    this.#tasks.splice(this.#tasks.indexOf(next), 1)
    return next
  }

  /** A task that was taken and could not be started after all. */
  putBack(task: ClaimedTask): void {
    this.#free(task)
    this.#tasks.unshift(task)
  }

  /** @returns what must be given back, because the task that was taken is not finished */
  ended(task: ClaimedTask, finished: boolean): ClaimedTask[] {
    this.#free(task)
    const lane = laneOfTask(task)
    if (finished || lane === undefined) return []
    this.#endedSinceLook.add(lane)
    const tasks = this.#unfinished.get(lane) ?? new Map<number, number>()
    this.#unfinished.set(lane, tasks.set(task.id, task.claimToken))
    return this.#takeOut((other) => laneOfTask(other) === lane)
  }

  /** The end of this claim is booked: from now on the row itself is in the way. */
  booked({ id, claimToken }: Pick<ClaimedTask, 'id' | 'claimToken'>): void {
    for (const [lane, tasks] of this.#unfinished) if (tasks.get(id) === claimToken) this.#forget(lane, id)
  }

  /** @returns the tasks with these ids as far as they wait, and what waits behind them in their lanes */
  drop(ids: readonly number[]): ClaimedTask[] {
    const dropped = this.#takeOut(({ id }) => ids.includes(id))
    const isBehind = (task: ClaimedTask) => {
      const lane = laneOfTask(task)
      return lane !== undefined && dropped.some((gone) => laneOfTask(gone) === lane && gone.id < task.id)
    }
    return dropped.length === 0 ? [] : [...dropped, ...this.#takeOut(isBehind)]
  }

  dropAll(): ClaimedTask[] {
    return this.#takeOut(() => true)
  }

  #isFree(task: ClaimedTask): boolean {
    const lane = laneOfTask(task)
    return lane === undefined || !this.#busy.has(lane)
  }

  #free(task: ClaimedTask): void {
    const lane = laneOfTask(task)
    if (lane !== undefined) this.#busy.delete(lane)
  }

  #forget(lane: string, id: number): void {
    const tasks = this.#unfinished.get(lane)
    tasks?.delete(id)
    if (tasks?.size === 0) this.#unfinished.delete(lane)
  }

  #takeOut(isMeant: (task: ClaimedTask) => boolean): ClaimedTask[] {
    const out = this.#tasks.filter(isMeant)
    if (out.length > 0) this.#tasks = this.#tasks.filter((task) => !isMeant(task))
    return out
  }
}

function laneOfTask({ shardKey }: ClaimedTask): string | undefined {
  return shardKey === null ? undefined : laneOf(shardKey)
}
