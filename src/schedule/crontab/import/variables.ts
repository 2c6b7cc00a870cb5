/** What becomes of the variables of a crontab: most are for the commands, some were for cron itself. */
import type { CrontabVariable } from '../crontab-text.ts'

/** For cron, or for us: no program has a use for them. */
const FOR_CRON = /^(?:MAILTO|MAILFROM|CRON_TZ|CONTENT_TYPE|CONTENT_TRANSFER_ENCODING|RANDOM_DELAY)$/
const OURS = /^(?:QUEUE_.*|TASK_.*|JOB_ID|JOB_SLOT)$/
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

export function isForPrograms(name: string): boolean {
  return NAME.test(name) && !FOR_CRON.test(name) && !OURS.test(name)
}

/** Why the commands will not find it, where that is a loss; undefined where it is none. */
export function whyNotCarried({ name }: CrontabVariable): string | undefined {
  if (OURS.test(name) && !name.startsWith('QUEUE_')) {
    return `The variable ${name} is for cron-mission to say. Give it another name.`
  }
  if (NAME.test(name)) return undefined
  return `The name of the variable "${name}" is no name to a shell. Use letters, digits and underscores.`
}

/** What is told where the variable stood. */
export function variableRemarks({ name, value }: CrontabVariable): string[] {
  if (name === 'MAILTO' || name === 'MAILFROM') {
    if (value === '') return []
    return [
      `${name}=${value}: cron mailed what these commands printed; here it is in the day's log.`,
      "To hear of failures: notify: { command: ['bin/alert'] }, in defaults or in a job.",
    ]
  }
  if (name === 'CRON_TZ') return [`CRON_TZ=${value}: cronie goes by it, and so do these jobs; Debian's cron does not.`]
  if (name === 'RANDOM_DELAY')
    return [`RANDOM_DELAY=${value}: spread: '${Number(value) || 0}m' does that here, always alike.`]
  if (name.startsWith('QUEUE_')) return [`${name} is a setting of cron-mission. It belongs into the file .env.`]
  if (isForPrograms(name) && value.includes('$')) {
    return [`${name}=${value}: cron hands that on as it is written, dollar signs and all, and so does env.`]
  }
  return []
}
