/**
 * A command line, and the documented sentence that it is refused with. Each is run as a user would run it.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type BinName, type Ended, type Project, runBin } from '../../helpers/processes.ts'
import { documentedAs, documentedSentences, patternOf } from './documented.ts'

export interface Refused {
  /** `add-task a --in soon`: words that are parted by blanks, or a list of them. */
  readonly run: string | readonly string[]
  readonly exit: number
  /** How the sentence begins in docs/errors.md, so that no other begins like it; or all of it. */
  readonly says: string
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** It prints something else, too: an answer, or other lines on standard error. */
  readonly prints?: true
}

const DOCUMENTED = documentedSentences()

export async function assertRefused(t: TestContext, one: Refused, { directory }: Pick<Project, 'directory'>) {
  const { run, env = {}, stdin = '' } = one
  const [command = '', ...args] = typeof run === 'string' ? run.split(' ') : run
  const ended = await runBin(command as BinName, args, { cwd: directory, env, stdin, t })
  assertSays(ended, command, one)
  return ended
}

/** The last line of standard error is that sentence and nothing else; only who goes on prints besides. */
export function assertSays(
  { code, stdout, stderr }: Ended,
  command: string,
  { exit, says, prints }: Omit<Refused, 'run'>,
) {
  const { sentence, exitCodes } = documentedAs(says, DOCUMENTED)
  const lines = stderr.trimEnd().split('\n')
  const whole = patternOf(`${command}: ${sentence}`)
  const said = prints === undefined ? lines : lines.filter((line) => whole.test(line))

  assert.equal(said.length, 1, `one line was expected:\n${stderr}`)
  assert.match(sentence.startsWith('Line') ? (said[0] ?? '') : alone(said[0] ?? ''), whole)
  assert.equal(code, exit)
  assert.ok(exitCodes.includes(exit), `docs/errors.md does not say that it may exit with ${exit}`)
  if (prints === undefined) assert.equal(stdout, '')
}

/** Without what `add-task` puts around the sentence about one of many lines, and without the setting that it is about. */
function alone(said: string): string {
  return said
    .replace(/(?<=^[a-z-]+: )(?:Line \d+|--retry|QUEUE_RETRY): /, '')
    .replace(/ [\d,]+ tasks of earlier lines were added\.$/, '')
}

export function nameOf({ run, says }: Refused): string {
  const shown = JSON.stringify(typeof run === 'string' ? run : run.join(' '))
  return `${shown.length > 70 ? `${shown.slice(0, 70)}…` : shown}: ${says}`
}
