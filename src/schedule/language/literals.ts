/**
 * Texts and numbers of a schedule that the compiler can check: cron expressions, durations, times, days.
 *
 * A literal that cannot be right does not compile, and where a sentence can say why, the error is a sentence. This catches
 * typing mistakes in the editor; `plan.ts` checks everything again when the schedule is read, because a schedule may also
 * be JavaScript or JSON.
 */

/** `Text` itself when it is a nickname or has five fields; else the sentence the compiler then prints. */
export type CronText<Text extends string> = string extends Text
  ? Text
  : Text extends `@${string}`
    ? Text
    : FieldCount<Text> extends 5
      ? Text
      : `a cron expression has 5 fields: minute hour day month weekday (this one has ${FieldCount<Text>})`

/** `5m`, `1h30m`, `2d12h`: what `every` takes. */
export type Interval = (`${Count}d${Optional<'h'>}${Optional<'m'>}` | `${Count}h${Optional<'m'>}` | `${Count}m`) &
  `${FirstDigit}${string}`

/** `250ms`, `10s`, `5m`, `1h30m`, `2d`: units from the largest down, each at most once. */
export type Duration = (
  | `${Count}d${Optional<'h'>}${Optional<'m'>}${Optional<'s'>}`
  | `${Count}h${Optional<'m'>}${Optional<'s'>}`
  | `${Count}m${Optional<'s'>}`
  | `${Count}s`
  | `${Count}ms`
) &
  `${Digit}${string}`

/** `00:00` to `23:59`, two digits each. */
export type ClockTime = `${'0' | '1'}${Digit}:${MinuteText}` | `2${'0' | '1' | '2' | '3'}:${MinuteText}`

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'

/** 0 to 59 */
export type MinuteOfHour = Below<60>

/** A day that months have: its number, or which of a kind it is. */
export type DayOfMonth =
  | Exclude<Below<32>, 0>
  | 'last'
  | 'last-workday'
  | 'first-workday'
  | `${'1st' | '2nd' | '3rd' | '4th' | '5th' | 'last'} ${Weekday}`

/** `2026-12-31T23:30`, also with `Z` or an offset such as `+01:00`; else the sentence the compiler then prints. */
export type DateTime<Text extends string> = string extends Text
  ? Text
  : Text extends `${infer Day}T${infer Time}`
    ? [Day, WithoutOffset<Time>] extends [DateText, ClockTime]
      ? Text
      : NoDateTime
    : NoDateTime

type NoDateTime = 'a time is written as 2026-12-31T23:30, or with its offset as 2026-12-31T23:30+01:00'
/** Anything that is no clock time makes the whole no time. */
type WithoutOffset<Time extends string> = Time extends `${infer Clock}Z`
  ? Clock
  : Time extends `${infer Clock}${'+' | '-'}${infer Offset}`
    ? Offset extends ClockTime
      ? Clock
      : never[]
    : Time
type DateText = `${YearText}-${MonthText}-${Exclude<DayText, '31'>}` | `${YearText}-${LongMonth}-31`
type YearText = `${'19' | '20' | '21'}${number}`
type MonthText = `0${FirstDigit}` | '10' | '11' | '12'
type LongMonth = '01' | '03' | '05' | '07' | '08' | '10' | '12'
type DayText = `0${FirstDigit}` | `${'1' | '2'}${Digit}` | '30' | '31'

type Count = `${bigint}`
type Optional<Unit extends string> = '' | `${Count}${Unit}`
type FirstDigit = Exclude<Digit, '0'>
type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'
type MinuteText = `${'0' | '1' | '2' | '3' | '4' | '5'}${Digit}`
type Space = ' ' | '\t' | '\n'

/** The whole numbers from 0 on; counted by the length of a list, as types cannot add. */
type Below<Limit extends number, Numbers extends number[] = []> = Numbers['length'] extends Limit
  ? Numbers[number]
  : Below<Limit, [...Numbers, Numbers['length']]>

/** Counts words by eating the text a word at a time; `Words` is the tally. */
type FieldCount<Text extends string, Words extends 0[] = []> = Text extends ''
  ? Words['length']
  : Text extends `${Space}${infer Rest}`
    ? FieldCount<Rest, Words>
    : Text extends `${string}${Space}${string}`
      ? FieldCount<AfterWord<Text>, [...Words, 0]>
      : [...Words, 0]['length']

type AfterWord<Text extends string> = Text extends `${infer Letter}${infer Rest}`
  ? Letter extends Space
    ? Rest
    : AfterWord<Rest>
  : ''
