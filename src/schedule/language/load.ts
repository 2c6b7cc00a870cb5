/**
 * Finds the schedule file and loads it with Node alone: no compiler, no package, nothing written to disk.
 *
 * Two things would go wrong by themselves, and a hook sets each right. A project whose package.json says
 * `"type": "commonjs"`, or nothing, has its `export default` refused or warned about; so what a file is, is taken from
 * what it says. And the bare name `cron-mission` is found even where the package is not installed.
 */
import { existsSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Complaint, EXIT } from '../../exit.ts'
import { formatDuration } from '../../time/duration.ts'
import { duplicateKey } from './duplicate-key.ts'

const FILE_NAMES = ['schedule.ts', 'schedule.mts', 'schedule.js', 'schedule.mjs', 'schedule.cjs', 'schedule.json']
const PACKAGE_NAME = 'cron-mission'
const LIMIT_MS = 10_000

/** An import or export statement at the beginning of a line; `import(…)` also occurs in CommonJS. */
const MODULE_SYNTAX = /^\s*(?:export\b|import\b(?!\s*[(.]))/m

/** Formats that `.js` and `.ts` files may have; what else a hook is asked for is none of its business. */
const MODULE_FORMATS = new Map([
  ['.js', 'module'],
  ['.ts', 'module-typescript'],
])

let hooks: ReturnType<typeof registerHooks> | undefined
const imported = new Set<string>()

/** @returns the path of the schedule file in `directory`, TypeScript before the others, or undefined */
export function findSchedule(directory: string): string | undefined {
  return FILE_NAMES.map((name) => join(directory, name)).find((path) => existsSync(path))
}

/**
 * What the schedule file says: its default export, or the whole of a JSON file. It is not checked here.
 *
 * @param path      absolute
 * @param entryUrl  the `file:` URL that an import of `cron-mission` gets; without it, the installed package
 * @param limitMs   how long it may wait for something; a file that computes for ever is for `schedule-thread.ts`
 * @throws          Complaint (bad configuration): a sentence, with the file and line where they are known
 */
export async function loadSchedule(path: string, entryUrl?: string, limitMs: number = LIMIT_MS): Promise<unknown> {
  if (!existsSync(path))
    throw new Complaint(
      EXIT.badConfig,
      `There is no schedule file ${path}. Name the one that is meant with --schedule.`,
    )
  try {
    if (extname(path) === '.json') return readJson(path)
    hooks?.deregister()
    hooks = registerHooks({ resolve: resolveOurName(entryUrl), load: loadBySyntax })
    const exports = await inTime(import(pathToFileURL(path).href), limitMs)
    if ('default' in exports) return exports.default
  } catch (error) {
    throw new Complaint(EXIT.badConfig, `The schedule does not load: ${describe(error, path)}`, { cause: error })
  }
  throw new Complaint(
    EXIT.badConfig,
    `The schedule ${path} has no default export. Write export default defineSchedule({ … }).`,
  )
}

/** The user's own files that schedules were loaded from; those of packages are not among them. */
export function importedFiles(): string[] {
  return [...imported]
}

function readJson(path: string): unknown {
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  const schedule: unknown = JSON.parse(text)
  const twice = duplicateKey(text)
  if (twice === undefined) return schedule
  const { key, within, line, firstLine } = twice
  const place = within === undefined ? '' : ` in ${JSON.stringify(within)}`
  const lines = firstLine === line ? `line ${line}` : `lines ${firstLine} and ${line}`
  throw new Error(`${JSON.stringify(key)} stands twice${place}, in ${lines}: remove one`)
}

async function inTime(loading: Promise<Record<string, unknown>>, limitMs: number): Promise<Record<string, unknown>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const sentence = `it was not done after ${formatDuration(limitMs)}. Look at what it awaits outside of functions`
    timer = setTimeout(() => reject(new Error(sentence)), limitMs)
  })
  try {
    return await Promise.race([loading, late])
  } finally {
    clearTimeout(timer)
  }
}

type Hooks = Parameters<typeof registerHooks>[0]

function resolveOurName(entryUrl: string | undefined): NonNullable<Hooks['resolve']> {
  return (specifier, context, next) =>
    specifier === PACKAGE_NAME && entryUrl !== undefined
      ? { url: entryUrl, shortCircuit: true }
      : next(specifier, context)
}

const loadBySyntax: NonNullable<Hooks['load']> = (url, context, next) => {
  if (url.startsWith('file:') && !url.includes('/node_modules/')) imported.add(fileURLToPath(url))
  const format = url.startsWith('file:') ? MODULE_FORMATS.get(extname(new URL(url).pathname)) : undefined
  const isSettled = format === undefined || context.format === format || url.includes('/node_modules/')
  if (isSettled || !MODULE_SYNTAX.test(readFileSync(fileURLToPath(url), 'utf8'))) return next(url, context)
  return next(url, { ...context, format })
}

/** `/srv/shop/schedule.ts:12: Expression expected.`, and what to do where that is not plain. */
function describe(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `${path}: it threw ${String(error)}.`
  const { code, path: file } = error as NodeJS.ErrnoException
  if (code === 'EACCES' && file !== undefined) return `${file} cannot be read (EACCES). Make it readable for this user.`
  const message = error.message.replace(/\s+/g, ' ')
  return `${placeOf(error) ?? path}: ${message.replace(/[.]$/, '')}.${adviceFor(error)}`
}

/** The first file and line that the error names, before it comes to this file. */
function placeOf(error: Error): string | undefined {
  const [trace = ''] = (error.stack ?? '').split(import.meta.url)
  const [, url, line] = /(file:\/\/[^\s()]+?):(\d+)/.exec(trace) ?? []
  return url === undefined ? undefined : `${fileURLToPath(url)}:${line}`
}

function adviceFor(error: Error): string {
  const code = 'code' in error ? error.code : undefined
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return ' Node only leaves types out: write it without enum, namespace and parameter properties.'
  }
  if (code === 'ERR_MODULE_NOT_FOUND' && error.message.includes('module')) {
    return ' An import of a file needs the extension the file has, such as ./holidays.ts.'
  }
  return ''
}
