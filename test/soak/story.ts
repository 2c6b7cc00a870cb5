/**
 * Made-up evidence, for the tests of the audit: what is not told did not happen.
 */
import { type Attempt, type Deed, type Evidence, parseSignature, type Signature, type Task } from './evidence.ts'

const NOTHING: Evidence = {
  tasks: [],
  attempts: [],
  signatures: [],
  deeds: [],
  acknowledged: [],
  logged: new Map(),
  surfaced: [],
  left: [],
}

interface Told {
  readonly tasks?: readonly Task[]
  readonly attempts?: readonly Attempt[]
  readonly signatures?: readonly Signature[]
  readonly deeds?: readonly Deed[]
  readonly acknowledged?: readonly number[]
  readonly logged?: Readonly<Record<number, number>>
  readonly surfaced?: readonly string[]
  readonly left?: readonly string[]
}

export function story({ logged = {}, ...told }: Told): Evidence {
  return { ...NOTHING, ...told, logged: new Map(Object.entries(logged).map(([id, lines]) => [Number(id), lines])) }
}

export function task(id: number, { ...but }: Partial<Task> = {}): Task {
  return { id, status: 'done', key: null, maxAttempts: 2, outputIsExact: true, ...but }
}

export function exit(taskId: number, exitCode: number): Attempt {
  return { taskId, outcome: 'exit', exitCode }
}

/**
 * `<id> start <n>` is the program with pid 10 + n, of the runner 1000 + n, 50 + n seconds after the one with n = 0, and
 * `<id> end <ending> [<n>]` its end: of the one that began last unless it says of which.
 */
export function signed(...lines: readonly string[]): Signature[] {
  const lastOf = new Map<string, number>()
  return lines.map((line) => {
    const [id = '', kind = '', word = '', which] = line.split(' ')
    const n = kind === 'start' ? Number(word) : which === undefined ? (lastOf.get(id) ?? 0) : Number(which)
    lastOf.set(id, n)
    const ending = kind === 'start' ? '-' : word
    return parseSignature(`${id} 1 ${kind} ${10 + n} ${n * 50_000 + (kind === 'end' ? 50 : 0)} ${1_000 + n} ${ending}`)
  })
}
