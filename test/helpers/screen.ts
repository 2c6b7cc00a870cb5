/**
 * A real terminal for tests: a person's shell in a window of tmux, its keys, and what stands on it.
 *
 *     test('a task that waits is listed', { skip: WITHOUT_TERMINAL }, async (t) => {
 *       const screen = await openScreen(t, { directory: project.directory, columns: 80, rows: 24 })
 *       await screen.type('queuectl list')          // the text and Enter, as soon as its echo is there
 *       await screen.untilPrompt()                  // the command has ended
 *       await matchesScreen('list', await screen.text())
 *
 * `matchesScreen` compares with test/screens/list.txt; SCREENS=write writes what is there now instead. The server of tmux is
 * the screen's own, with no configuration, and ends with the test, as does everything that was started on it.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterwards, temporaryDirectory } from './cleanup.ts'
import { killMarked, TREE_MARK } from './marked.ts'
import { binFile, cleanEnvironment } from './processes.ts'
import { findProgram } from './server-program.ts'

export interface ScreenOptions {
  /** Where the shell is. */
  readonly directory: string
  readonly columns: number
  readonly rows: number
  /** Added to the clean environment. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Screen {
  /** Types a line and Enter: to the shell, or to a program that asks a question. */
  type(line: string): Promise<void>
  /** A key by the name that tmux has for it: `Enter`, `Escape`, `Up`, `C-c`, `C-z`; or a character. */
  press(...keys: string[]): Promise<void>
  /**
   * Waits until the screen is so.
   *
   * @param what  completes the sentence "Waited in vain for …"
   * @returns the text that was so
   */
  until(condition: RegExp | string | ((text: string) => boolean), what?: string): Promise<string>
  /** Waits until the shell waits for a command again. */
  untilPrompt(): Promise<string>
  /** The lines that are there now, without spaces and empty lines at their ends; with `colours`, the escape sequences too. */
  text(options?: { readonly colours?: boolean; readonly history?: boolean }): Promise<string>
  /** Whether a program has the whole terminal: what was there before is kept aside, and comes back. */
  isFullScreen(): Promise<boolean>
  resize(columns: number, rows: number): Promise<void>
  close(): Promise<void>
}

/** What to skip a test with: false where there is a terminal. */
export const WITHOUT_TERMINAL: string | false = findProgram('tmux') === undefined ? 'no tmux was found' : false

const COMMANDS = ['cron-mission', 'do-queue', 'add-task', 'queuectl'] as const
const SCREENS = join(import.meta.dirname, '../screens')
const PROMPT = '$ '
const POLL_MS = 25
const PATIENCE_MS = 20_000

const run = promisify(execFile)

export async function openScreen(t: TestContext, options: ScreenOptions): Promise<Screen> {
  const place = temporaryDirectory(t)
  const mark = randomBytes(8).toString('hex')
  const env = {
    ...cleanEnvironment(),
    PATH: [commandsIn(place), cleanEnvironment().PATH].join(delimiter),
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    PS1: PROMPT,
    SHELL: '/bin/sh',
    [TREE_MARK]: mark,
    ...options.env,
  }
  const tmux = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('tmux', ['-u', '-S', join(place, 'tmux'), '-f', '/dev/null', ...args], { env })
    return stdout
  }
  const close = () => killMarked(TREE_MARK, mark)
  afterwards(t, close)
  await tmux(...inOrder(settings(), newWindow(options)))
  const screen = screenOf(tmux, close)
  await screen.until(PROMPT.trim(), 'the prompt of the shell')
  return screen
}

/** Keys go through at once, no line is lost below a status line, and nothing but the shell says what the window is. */
function settings(): string[][] {
  return [
    ['start-server'],
    ['set-option', '-g', 'status', 'off'],
    ['set-option', '-g', 'default-terminal', 'tmux-256color'],
    ['set-option', '-g', 'remain-on-exit', 'on'],
    ['set-option', '-s', 'escape-time', '0'],
    ['set-option', '-s', 'exit-empty', 'off'],
  ]
}

function newWindow({ directory, columns, rows }: ScreenOptions): string[][] {
  return [['new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, '-c', directory, 'exec /bin/sh -i']]
}

/** Several commands of tmux in one call of it. */
function inOrder(...commands: string[][][]): string[] {
  return commands.flat().flatMap((command, i) => (i === 0 ? command : [';', ...command]))
}

function screenOf(tmux: (...args: string[]) => Promise<string>, close: () => Promise<void>): Screen {
  const until: Screen['until'] = async (condition, what = `${condition}`) => {
    const isSo = predicate(condition)
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const text = await read()
      if (isSo(text)) return text
      if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}. On the screen:\n${text}`)
      await sleep(POLL_MS)
    }
  }
  const read = async ({ colours = false, history = false } = {}): Promise<string> =>
    withoutBlanks(await tmux('capture-pane', '-p', ...(colours ? ['-e'] : []), ...(history ? ['-S', '-'] : [])))
  const isTyped = async (line: string) => {
    const deadline = performance.now() + PATIENCE_MS
    // A prompt that comes late stands behind what was typed before it.
    const echoes = [line.trimEnd(), `${line}${PROMPT.trim()}`]
    for (;;) {
      const text = withoutBlanks(await tmux('capture-pane', '-p', '-J'))
      if (echoes.some((echo) => text.endsWith(echo))) return
      if (performance.now() > deadline) throw new Error(`"${line}" was typed and is not on the screen:\n${text}`)
      await sleep(POLL_MS)
    }
  }
  return {
    async type(line) {
      if (line !== '') await tmux('send-keys', '-l', '--', line)
      await isTyped(line)
      await tmux('send-keys', 'Enter')
    },
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    until,
    untilPrompt: () => until((text) => text.split('\n').at(-1) === PROMPT.trim(), 'the prompt of the shell'),
    text: read,
    isFullScreen: async () => (await tmux('display-message', '-p', '#{alternate_on}')).trim() === '1',
    resize: async (columns, rows) => void (await tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`)),
    close,
  }
}

function predicate(condition: Parameters<Screen['until']>[0]): (text: string) => boolean {
  if (typeof condition === 'function') return condition
  return typeof condition === 'string' ? (text) => text.includes(condition) : (text) => condition.test(text)
}

/** A directory with our commands by the names that a user calls them by. */
function commandsIn(place: string): string {
  const directory = join(place, 'bin')
  mkdirSync(directory)
  for (const name of COMMANDS) symlinkSync(binFile(name), join(directory, name))
  return directory
}

function withoutBlanks(text: string): string {
  return text.replaceAll(/[ \t]+$/gm, '').trimEnd()
}

/**
 * What stands in the place of whatever it matches. A match that begins with spaces keeps its right end. With `column`, what is
 * behind stays where it is, also when but one space is between.
 */
export type Replacement = readonly [pattern: RegExp, word: string, place?: 'column']

/**
 * Compares with the screen that is kept under this name, after everything that differs from run to run was replaced: the given
 * patterns first, then directories, hosts with process ids, hosts, times, how long ago something was, and rates.
 *
 * Where columns follow, a replaced text keeps the width it had, so that what stands to the right of it does not move.
 */
export async function matchesScreen(
  name: string,
  text: string,
  replacements: readonly Replacement[] = [],
): Promise<void> {
  const now = comparable(text, replacements)
  const file = join(SCREENS, `${name}.txt`)
  if (process.env.SCREENS === 'write') {
    mkdirSync(SCREENS, { recursive: true })
    writeFileSync(file, now)
    return
  }
  const kept = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const advice = `SCREENS=write npm test -- <the test's file> keeps what is there now.`
  assert.ok(now === kept, `test/screens/${name}.txt is not what is on the screen. ${advice}\n${both(kept, now)}`)
}

/** The text as it is kept: what differs from run to run replaced. */
export function comparable(text: string, replacements: readonly Replacement[] = []): string {
  return `${withoutBlanks([...replacements, ...ALWAYS].reduce(replaced, text))}\n`
}

const HOST = escaped(hostname())

const ALWAYS: readonly Replacement[] = [
  [new RegExp(`${escaped(tmpdir())}/cron-mission-test-\\w{6}`, 'g'), '/PROJECT'],
  [new RegExp(`\\b${HOST}:\\d+\\b`, 'g'), 'HOST:PID'],
  [new RegExp(`\\b${HOST}\\b`, 'g'), 'HOST'],
  [/\b(?:process|pid) \d+\b/g, 'process PID'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z/g, 'YYYY-MM-DDThh:mm:ss.mmmZ'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b/g, 'YYYY-MM-DD hh:mm:ss'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d\b/g, 'YYYY-MM-DD hh:mm'],
  [/\b\d\d:\d\d:\d\d\b/g, 'hh:mm:ss'],
  [/\b(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)? ago\b|(?<=\()now(?=\))/g, 'AGO'],
  [/\b[\d,]+(?:\.\d+)?\/s\b/g, 'N/s'],
]

function replaced(text: string, [pattern, word, place]: Replacement): string {
  let result = ''
  let at = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index < at) continue
    result += text.slice(at, match.index)
    at = match.index + match[0].length
    if (match[0].startsWith(' ')) {
      result += word.padStart(Math.max(match[0].length, word.length + 1))
      continue
    }
    const gap = /^ */.exec(text.slice(at))?.[0] ?? ''
    const isColumn = gap.length > 1 || (place === 'column' && gap !== '')
    result += isColumn ? (word + gap.slice(0, 2)).padEnd(match[0].length + gap.length) : word + gap
    at += gap.length
  }
  return result + text.slice(at)
}

function both(kept: string, now: string): string {
  return `--- kept\n${kept}--- on the screen\n${now}---`
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
