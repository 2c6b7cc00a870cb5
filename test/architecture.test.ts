/**
 * The shape of the source, held by its text: which room may use which, and what no file may be.
 *
 * A rule is a function from a file to what is wrong with it. Each is applied to the real sources and, below, to a
 * made-up file that breaks it, so a rule that can no longer fail is noticed.
 */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { test } from 'node:test'

interface SourceFile {
  /** From the root of the repository, with slashes: `src/queue/store.ts`. */
  readonly path: string
  readonly text: string
}

/** @returns sentences, none when the file keeps the rule */
type Rule = (file: SourceFile) => string[]

const ROOT = join(import.meta.dirname, '..')
const LONGEST_FILE = 250

/** What each room may use besides itself and the files that every room may. Imports point down; rooms on one level do not know each other. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  bin: ['ctl', 'schedule', 'worker', 'doctor', 'host', 'queue', 'log', 'time'],
  ctl: ['doctor', 'queue', 'log', 'time'],
  schedule: ['doctor', 'host', 'queue', 'log', 'time'],
  worker: ['host', 'queue', 'log', 'time'],
  doctor: ['time'],
  host: ['queue'],
  queue: ['time'],
  log: ['time'],
  time: [],
  exit: [],
  amount: [],
  'nearest-name': [],
  index: ['schedule', 'queue'],
}

/** Single files that import nothing. */
const FOR_ALL = ['exit', 'amount', 'nearest-name']

/** Packages that are the business of some rooms only. */
const PACKAGE_ROOMS: Readonly<Record<string, readonly string[]>> = {
  mysql2: ['queue'],
  'node:sqlite': ['queue'],
  yargs: ['bin'],
  'node-cron': ['schedule', 'bin'],
  '@redis/client': ['ctl'],
}

/** Packages that a single file knows, and asks for when it needs them: they need not be installed. */
const PACKAGE_FILES: Readonly<Record<string, string>> = { '@redis/client': 'src/ctl/intake/redis-list.ts' }

const SAY_NOTHING = ['utils', 'helpers', 'common', 'lib', 'types', 'index']

const RULES: Readonly<Record<string, { readonly rule: Rule; readonly broken: readonly SourceFile[] }>> = {
  'imports point down': {
    rule: importsPointDown,
    broken: [
      { path: 'src/queue/store.ts', text: `import { work } from '../worker/work.ts'\n` },
      { path: 'src/worker/work.ts', text: `import type { Plan } from '../schedule/plan.ts'\n` },
      { path: 'src/ctl/list.ts', text: `import {\n  a,\n  b,\n} from '../bin/queuectl.ts'\n` },
      { path: 'src/time/zone.ts', text: `export * from '../log/line.ts'\n` },
      { path: 'src/log/line.ts', text: `const store = await import('../queue/store.ts')\n` },
      { path: 'src/schedule/tick.ts', text: `import '../index.ts'\n` },
      { path: 'src/index.ts', text: `export { work } from './worker/work.ts'\n` },
      { path: 'src/exit.ts', text: `import { localTime } from './time/zone.ts'\n` },
      { path: 'src/queue/store.ts', text: `import { waitFor } from '../../test/helpers/processes.ts'\n` },
      { path: 'src/attic/old.ts', text: '' },
    ],
  },
  'a package is used only where it belongs': {
    rule: packagesStayInTheirRooms,
    broken: [
      { path: 'src/worker/work.ts', text: `import mysql from 'mysql2/promise'\n` },
      { path: 'src/ctl/doctor.ts', text: `import { DatabaseSync } from 'node:sqlite'\n` },
      { path: 'src/schedule/tick.ts', text: `const { default: yargs } = await import("yargs")\n` },
      { path: 'src/worker/work.ts', text: `import cron from 'node-cron'\n` },
      { path: 'src/bin/queuectl.ts', text: `await import('@redis/client')\n` },
      { path: 'src/ctl/intake/intake.ts', text: `const { createClient } = await import('@redis/client')\n` },
      { path: 'src/ctl/intake/redis-list.ts', text: `import { createClient } from '@redis/client'\n` },
      { path: 'src/log/line.ts', text: `const { DatabaseSync } = process.getBuiltinModule('node:sqlite')\n` },
    ],
  },
  [`no file is longer than ${LONGEST_FILE} lines`]: {
    rule: isNotTooLong,
    broken: [{ path: 'src/queue/store.ts', text: 'x\n'.repeat(LONGEST_FILE + 1) }],
  },
  'a file is named for what is in it': {
    rule: hasATellingName,
    broken: [
      { path: 'src/queue/utils.ts', text: '' },
      { path: 'src/queue/index.ts', text: '' },
    ],
  },
}

for (const [name, { rule, broken }] of Object.entries(RULES)) {
  test(`${name}, in every source file`, () => {
    const complaints = sources().flatMap(rule)

    assert.deepEqual(complaints, [])
  })

  test(`${name}: a file that breaks the rule is found`, () => {
    const overlooked = broken.filter((file) => rule(file).length === 0)

    assert.deepEqual(overlooked, [])
  })
}

test('what the rules allow is not complained about', () => {
  const good = [
    {
      path: 'src/bin/do-queue.ts',
      text: `import { work } from '../worker/work.ts'\nimport yargs from 'yargs/helpers'\n`,
    },
    {
      path: 'src/index.ts',
      text: `export { openQueue } from './queue/open.ts'\nexport type { Job } from './schedule/job.ts'\n`,
    },
    {
      path: 'src/log/line.ts',
      text: `import { Complaint } from '../exit.ts'\nimport { localDay } from '../time/zone.ts'\n`,
    },
    {
      path: 'src/worker/work.ts',
      text: `/**\n * import mysql from 'mysql2'\n */\n// import('yargs')\nimport { x } from './x.ts'\n`,
    },
    { path: 'src/queue/store.ts', text: 'x\n'.repeat(LONGEST_FILE) },
  ]

  const complaints = good.flatMap((file) => Object.values(RULES).flatMap(({ rule }) => rule(file)))

  assert.deepEqual(complaints, [])
})

function importsPointDown(file: SourceFile): string[] {
  const room = roomOf(file.path)
  const allowed = MAY_USE[room]
  if (allowed === undefined) return [`${file.path}: there is no room src/${room}. Use one that exists.`]
  return importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(dirname(file.path), name))
    .filter((target) => !target.startsWith('src/') || ![room, ...FOR_ALL, ...allowed].includes(roomOf(target)))
    .map((target) => `${file.path} imports ${target}. ${room} may use ${[...FOR_ALL, ...allowed].join(', ')}.`)
}

function packagesStayInTheirRooms(file: SourceFile): string[] {
  return importsOf(file).flatMap((name) => {
    const known = Object.keys(PACKAGE_ROOMS).find((pkg) => name === pkg || name.startsWith(`${pkg}/`))
    const rooms = known === undefined ? undefined : PACKAGE_ROOMS[known]
    if (known !== undefined && PACKAGE_FILES[known] !== undefined) {
      if (PACKAGE_FILES[known] === file.path && !isLoadedAtOnce(file, known)) return []
      return [`${file.path} imports ${name}, which ${PACKAGE_FILES[known]} alone loads, and only when it is needed.`]
    }
    if (rooms === undefined || rooms.includes(roomOf(file.path))) return []
    return [`${file.path} imports ${name}, which is the business of src/${rooms.join(' and src/')}.`]
  })
}

/** Types alone are no import. */
function isLoadedAtOnce({ text }: SourceFile, pkg: string): boolean {
  return new RegExp(`^import (?!type )[^'"]*['"]${pkg}['"]`, 'm').test(text)
}

function isNotTooLong({ path, text }: SourceFile): string[] {
  const lines = text.replace(/\n$/, '').split('\n').length
  return lines > LONGEST_FILE ? [`${path} has ${lines} lines. Part it where it changes its subject.`] : []
}

function hasATellingName({ path }: SourceFile): string[] {
  const name = basename(path, '.ts')
  return SAY_NOTHING.includes(name) && path !== 'src/index.ts' ? [`${path}: call it what it is.`] : []
}

/** `src/queue/store.ts` is in `queue`, `src/exit.ts` is its own. */
function roomOf(path: string): string {
  return basename(path.split('/')[1] ?? '', '.ts')
}

/** Every module the text names, whether imported, re-exported, for its types only, or at run time. */
function importsOf({ text }: SourceFile): string[] {
  const code = text.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '')
  const patterns = [
    /^\s*(?:import|export)\b[^'";]*?\bfrom\s*(['"])(?<name>[^'"]+)\1/gm,
    /^\s*import\s*(['"])(?<name>[^'"]+)\1/gm,
    /\b(?:import|require|getBuiltinModule)\s*\(\s*(['"`])(?<name>[^'"`]+)\1/gm,
  ]
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match.groups?.name ?? ''))
}

function sources(): SourceFile[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({
      path: `src/${path.replaceAll('\\', '/')}`,
      text: readFileSync(join(ROOT, 'src', path), 'utf8'),
    }))
}
