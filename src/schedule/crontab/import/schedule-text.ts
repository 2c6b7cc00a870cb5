/**
 * Converted crontabs as the text of a `schedule.ts`, or as what a JSON schedule holds.
 */
import type { Converted, ConvertedJob } from './converted.ts'
import { commentText, typescriptKey, typescriptText } from './typescript-text.ts'

type Environment = ConvertedJob['env']

const WIDTH = 120
/** What is said of all jobs, so that they go on as they did under cron. */
const AS_CRON = { overlap: 'allow', catchUp: { policy: 'none' }, directory: '~' } as const

/** @param source  where the lines came from: `crontab.txt` */
export function scheduleText({ jobs, tail }: Converted, source: string): string {
  const words = ['defineSchedule', ...new Set(jobs.map(({ word }) => word))].toSorted()
  const common = commonEnvironment(jobs)
  const others = repeatedEnvironments(jobs, common)
  const body = jobs.map((job) => [...above(job.comments), ...jobLines(job, common, others)].join('\n'))
  const below = above(tail).join('\n').trimEnd()
  const environment = Object.keys(common).length === 0 ? [] : [`    env: ${objectText(common, 4)},`]
  return `${head(source, jobs)}
import { ${words.join(', ')} } from 'cron-mission'
${others.map((env, i) => `\nconst ${nameOf(i)} = ${objectText(env, 0)}\n`).join('')}
export default defineSchedule({
  timezone: 'system',
  defaults: {
    overlap: '${AS_CRON.overlap}',
    catchUp: { policy: '${AS_CRON.catchUp.policy}' },
    directory: '${AS_CRON.directory}',
${environment.map((line) => `${line}\n`).join('')}  },
  jobs: {
${[...body, ...(below === '' ? [] : [below])].join('\n\n')}
  },
})
`.replace('jobs: {\n\n  }', 'jobs: {}')
}

/** The same without its comments. */
export function scheduleJson({ jobs }: Converted): object {
  const common = commonEnvironment(jobs)
  const listed = jobs.map((job): [string, object] => {
    const { id, cron: when, exec, env, timezone } = job
    return [
      id,
      { when, exec, ...(timezone === undefined ? {} : { timezone }), ...(isSame(env, common) ? {} : { env }) },
    ]
  })
  return { timezone: 'system', defaults: { ...AS_CRON, env: common }, jobs: Object.fromEntries(listed) }
}

function head(source: string, jobs: readonly ConvertedJob[]): string {
  const redirects = jobs.some(({ exec }) => exec.some((word) => word.includes('>')))
  return `/**
 * Made of ${source.replaceAll('*/', '* /')} by "cron-mission import".
 *
 * The jobs do what the lines did. As under cron, one that is due again while it still runs is started beside itself, what was
 * due while the machine was off is not made up for, and commands begin in the home directory. The first three lines of
 * "defaults" say so. Without the first, a second run is left out; without the second, the newest run that was missed is made
 * up for, up to an hour late.${
   redirects
     ? `
 *
 * What a command prints goes into the day's log. "> /dev/null" and ">> some.log" keep it from there, and may be left out.`
     : ''
 }
 */`
}

/** Comments as they are printed: groups of them apart by a blank line, and none at the beginning. */
function above(comments: readonly string[]): string[] {
  const lines: string[] = []
  for (const text of comments) {
    if (text !== '') lines.push(`    ${commentText(text)}`)
    else if (lines.length > 0 && lines.at(-1) !== '') lines.push('')
  }
  return lines
}

function jobLines(
  { id, call, exec, env, timezone }: ConvertedJob,
  common: Environment,
  others: readonly Environment[],
): string[] {
  const named = others.findIndex((other) => isSame(env, other))
  const parts = [
    `when: ${call}`,
    ...(timezone === undefined ? [] : [`timezone: ${typescriptText(timezone)}`]),
    `exec: ${listText(exec)}`,
    ...(isSame(env, common) ? [] : [`env: ${named === -1 ? objectText(env, 6) : nameOf(named)}`]),
  ]
  const line = `    ${typescriptKey(id)}: { ${parts.join(', ')} },`
  if (line.length <= WIDTH && !line.includes('\n')) return [line]
  return [`    ${typescriptKey(id)}: {`, ...parts.map((part) => `      ${part},`), '    },']
}

function listText(words: readonly string[]): string {
  const texts = words.map(typescriptText)
  const line = `[${texts.join(', ')}]`
  if (line.length + 13 <= WIDTH || texts.length === 1) return line
  return `[\n${texts.map((text) => `        ${text},`).join('\n')}\n      ]`
}

function objectText(values: Readonly<Record<string, string>>, indent: number): string {
  const parts = Object.entries(values).map(([name, value]) => `${typescriptKey(name)}: ${typescriptText(value)}`)
  const line = parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
  if (line.length + indent + 6 <= WIDTH) return line
  const space = ' '.repeat(indent)
  return `{\n${parts.map((part) => `${space}  ${part},`).join('\n')}\n${space}}`
}

/** The variables that most jobs have: those of the first that has them. */
function commonEnvironment(jobs: readonly ConvertedJob[]): Environment {
  const counted = jobs.map(({ env }) => ({ env, count: jobs.filter((job) => isSame(job.env, env)).length }))
  return counted.toSorted((a, b) => b.count - a.count)[0]?.env ?? {}
}

/** Those of several jobs are written once. */
function repeatedEnvironments(jobs: readonly ConvertedJob[], common: Environment): Environment[] {
  const others = jobs.map(({ env }) => env).filter((env) => !isSame(env, common) && Object.keys(env).length > 0)
  const firsts = others.filter((env, i) => others.findIndex((other) => isSame(env, other)) === i)
  return firsts.filter((env) => others.filter((other) => isSame(env, other)).length > 1)
}

function nameOf(at: number): string {
  return at === 0 ? 'environment' : `environment${at + 1}`
}

function isSame(one: Environment, other: Environment): boolean {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}
