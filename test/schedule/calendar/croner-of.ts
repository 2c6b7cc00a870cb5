/**
 * croner as a second judge: a library that claims the rules of Vixie's cron, where it reads an expression as we do.
 *
 * It does not where crontab(5) looks at the first character of a field and croner at all of it. `0 2-6/2 * * *` is fixed to
 * times of the day to cron; to croner any step makes an interval. And a day field such as `*` with a step of 7 begins with
 * a star to cron, so a day must suit the other field too; to croner it names days as any other field does.
 */
import { Cron } from 'croner'

/** @returns undefined for what croner refuses, for instance ranges that wrap, and for what it reads in its own way */
export function cronerOf(text: string, zone: string): Cron | undefined {
  if (!isReadAlike(text)) return undefined
  try {
    return new Cron(text, { timezone: zone, domAndDow: false, fixedTimeRule: 'no-wildcard', paused: true })
  } catch {
    return undefined
  }
}

function isReadAlike(text: string): boolean {
  const [minute = '', hour = '', dayOfMonth = '', , dayOfWeek = ''] = text.split(' ')
  const repeats = /^\*/.test(minute) || /^\*/.test(hour)
  const repeatsToCroner = /[*/]/.test(minute + hour)
  const star = /^[*?]/.test(dayOfMonth) || /^[*?]/.test(dayOfWeek)
  const starToCroner = /^[*?]$/.test(dayOfMonth) || /^[*?]$/.test(dayOfWeek)
  return repeats === repeatsToCroner && star === starToCroner
}
