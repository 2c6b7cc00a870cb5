/**
 * Settings: a flag, else a `QUEUE_*` variable, else the same variable in the project's `.env`, else the default.
 *
 * Cron gives a command next to no environment, so what a crontab line would have to repeat stands in `.env`. Only
 * `QUEUE_*` is taken from there; it is never handed on to a task program.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { parseSize } from '../amount.ts'
import { Complaint, EXIT } from '../exit.ts'
import type { LogFormat } from '../log/event.ts'
import { type CrashPolicy, DEFAULT_CRASH, readCrashPolicy } from '../queue/crash-policy.ts'
import { DEFAULT_RETRY, parseRetryList } from '../queue/retry-list.ts'
import { DEFAULT_QUEUE_URL } from '../queue/url.ts'
import { parseDuration } from '../time/duration.ts'
import { isZone, SYSTEM_ZONE } from '../time/zone.ts'
import { DEFAULT_WARM_LIMITS, type WarmLimits } from '../worker/warm-limits.ts'

export interface Settings {
  /** The project directory: programs run here, and relative paths start here. */
  readonly directory: string
  readonly queueUrl: string
  /** Of the Redis whose lists `queuectl intake` takes. */
  readonly intakeUrl: string | undefined
  readonly tasksDirectory: string
  readonly logsDirectory: string
  readonly stateDirectory: string
  /** Whose midnight changes the day files, and whose wall clock a time without an offset means. */
  readonly timezone: string
  readonly logFormat: LogFormat
  readonly retry: string
  readonly crash: CrashPolicy
  readonly timeoutMs: number | undefined
  readonly graceMs: number
  readonly warmLimits: WarmLimits
}

/** Flags that go before a variable of the same meaning. */
export interface SettingFlags {
  readonly directory?: string | undefined
  readonly url?: string | undefined
  readonly 'log-format'?: string | undefined
  readonly retry?: string | undefined
  readonly crash?: string | undefined
  readonly timeout?: string | undefined
  readonly grace?: string | undefined
  readonly 'warm-tasks'?: string | undefined
  readonly 'warm-age'?: string | undefined
  readonly 'warm-memory'?: string | undefined
}

/** @throws Complaint (bad configuration, or usage for a flag) naming the setting, what it is and what it may be */
export function readSettings(flags: SettingFlags, environment: NodeJS.ProcessEnv = process.env): Settings {
  const directory = resolve(flags.directory ?? '.')
  if (!isDirectory(directory)) {
    const what = existsSync(directory) ? 'no directory' : 'not there'
    throw new Complaint(EXIT.usage, `--directory is ${directory}, which is ${what}. Name the project's directory.`)
  }
  const file = readDotEnv(directory)
  const variable = (name: string) => environment[name] || file[name] || undefined
  const path = (name: string, fallback: string) => resolve(directory, variable(name) ?? fallback)

  return {
    directory,
    queueUrl: flags.url ?? variable('QUEUE_URL') ?? DEFAULT_QUEUE_URL,
    intakeUrl: variable('QUEUE_INTAKE_URL'),
    tasksDirectory: path('QUEUE_TASKS', 'tasks'),
    logsDirectory: path('QUEUE_LOGS', 'logs'),
    stateDirectory: path('QUEUE_STATE', '.queue'),
    timezone: timezone(variable('QUEUE_TIMEZONE')),
    logFormat: logFormat(given('--log-format', flags['log-format'], 'QUEUE_LOG_FORMAT', variable('QUEUE_LOG_FORMAT'))),
    retry: retryList(given('--retry', flags.retry, 'QUEUE_RETRY', variable('QUEUE_RETRY'))),
    crash: crashPolicy(given('--crash', flags.crash, 'QUEUE_CRASH', variable('QUEUE_CRASH'))),
    timeoutMs: duration(given('--timeout', flags.timeout, 'QUEUE_TIMEOUT', variable('QUEUE_TIMEOUT'))),
    graceMs: duration(given('--grace', flags.grace, 'QUEUE_GRACE', variable('QUEUE_GRACE')), 0) ?? 10_000,
    warmLimits: readWarmLimits(flags, variable),
  }
}

function readWarmLimits(flags: SettingFlags, variable: (name: string) => string | undefined): WarmLimits {
  const tasks = given('--warm-tasks', flags['warm-tasks'], 'QUEUE_WARM_TASKS', variable('QUEUE_WARM_TASKS'))
  const age = given('--warm-age', flags['warm-age'], 'QUEUE_WARM_AGE', variable('QUEUE_WARM_AGE'))
  const memory = given('--warm-memory', flags['warm-memory'], 'QUEUE_WARM_MEMORY', variable('QUEUE_WARM_MEMORY'))
  return {
    tasks: count(tasks) ?? DEFAULT_WARM_LIMITS.tasks,
    ageMs: duration(age) ?? DEFAULT_WARM_LIMITS.ageMs,
    memoryBytes: size(memory) ?? DEFAULT_WARM_LIMITS.memoryBytes,
  }
}

interface Given {
  readonly name: string
  readonly text: string
  readonly exitCode: typeof EXIT.usage | typeof EXIT.badConfig
}

function given(
  flag: string,
  flagText: string | undefined,
  variable: string,
  variableText: string | undefined,
): Given | undefined {
  if (flagText !== undefined) return { name: flag, text: flagText, exitCode: EXIT.usage }
  return variableText === undefined ? undefined : { name: variable, text: variableText, exitCode: EXIT.badConfig }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function readDotEnv(directory: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(resolve(directory, '.env'), 'utf8'))
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT' || code === 'ENOTDIR') return {}
    throw new Complaint(
      EXIT.badConfig,
      `The file ${resolve(directory, '.env')} cannot be read (${code}). Make it readable for this user.`,
    )
  }
}

function timezone(text: string | undefined): string {
  if (text === undefined || text === SYSTEM_ZONE) return SYSTEM_ZONE
  if (isZone(text)) return text
  throw new Complaint(EXIT.badConfig, `QUEUE_TIMEZONE is "${text}". Use a zone such as Europe/Berlin, or "system".`)
}

function logFormat(it: Given | undefined): LogFormat {
  if (it === undefined || it.text === 'text') return 'text'
  if (it.text === 'json') return 'json'
  throw new Complaint(it.exitCode, `${it.name} is "${it.text}". Use text or json.`)
}

function retryList(it: Given | undefined): string {
  if (it === undefined) return DEFAULT_RETRY
  try {
    parseRetryList(it.text)
    return it.text
  } catch (error) {
    throw new Complaint(it.exitCode, `${it.name}: ${(error as Error).message}`)
  }
}

function crashPolicy(it: Given | undefined): CrashPolicy {
  return it === undefined ? DEFAULT_CRASH : readCrashPolicy(it.name, it.text, it.exitCode)
}

function count(it: Given | undefined): number | undefined {
  if (it === undefined || /^[1-9]\d{0,8}$/.test(it.text.trim())) return it && Number(it.text)
  throw new Complaint(it.exitCode, `${it.name} is "${it.text}". Use a whole number from 1.`)
}

function size(it: Given | undefined): number | undefined {
  if (it === undefined) return undefined
  const bytes = parseSize(it.text)
  if (bytes !== undefined && bytes > 0) return bytes
  throw new Complaint(it.exitCode, `${it.name} is "${it.text}". Use a size such as 256M or 2G.`)
}

function duration(it: Given | undefined, leastMs = 1): number | undefined {
  if (it === undefined) return undefined
  const ms = parseDuration(it.text)
  if (ms === undefined || ms < leastMs)
    throw new Complaint(it.exitCode, `${it.name} is "${it.text}". Use a duration such as 90s, 15m or 1h30m.`)
  return ms
}
