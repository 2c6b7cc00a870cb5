/** What a change of clocks does to a run, in words. */
import { zoneOffset } from '../../time/zone.ts'
import { dueNote, timeOfDay } from './clock-changes.ts'
import type { Calendar } from './job-calendar.ts'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** `runs at 03:00 because 02:30 does not exist`; empty where there is nothing to tell. */
export function noteText(job: Calendar, slotAt: number): string {
  const note = dueNote(job, slotAt)
  const shown = timeOfDay(slotAt + zoneOffset(job.timezone, slotAt))
  switch (note?.kind) {
    case 'gap':
      return `runs at ${shown} because ${note.skipped.join(', ')} ${note.skipped.length === 1 ? 'does' : 'do'} not exist`
    case 'first-pass':
      return `${shown} comes twice: runs the first time only`
    case 'both-passes':
      return `${shown} comes twice: this is the ${note.pass === 1 ? 'first' : 'second'} time`
    case undefined:
      return ''
  }
}

/** `Sunday`, by the clock of the zone. */
export function weekdayOf(zone: string, at: number): string {
  return WEEKDAYS[new Date(at + zoneOffset(zone, at)).getUTCDay()] as string
}
