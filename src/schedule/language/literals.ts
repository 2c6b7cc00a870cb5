/**
 * Texts of a schedule that the compiler can check: cron expressions, durations and clock times.
 *
 * A literal that cannot be right does not compile, and the error is a sentence. This catches typing mistakes in the
 * editor; `plan.ts` checks everything again when the schedule is read, because a schedule may also be JavaScript or JSON.
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
export type Interval = `${Count}d${Optional<'h'>}${Optional<'m'>}` | `${Count}h${Optional<'m'>}` | `${Count}m`

/** `250ms`, `10s`, `5m`, `1h30m`, `2d`: units from the largest down, each at most once. */
export type Duration =
  | `${Count}d${Optional<'h'>}${Optional<'m'>}${Optional<'s'>}`
  | `${Count}h${Optional<'m'>}${Optional<'s'>}`
  | `${Count}m${Optional<'s'>}`
  | `${Count}s`
  | `${Count}ms`

/** `00:00` to `23:59`, two digits each. */
export type ClockTime = `${'0' | '1'}${Digit}:${MinuteText}` | `2${'0' | '1' | '2' | '3'}:${MinuteText}`

type Count = `${bigint}`
type Optional<Unit extends string> = '' | `${Count}${Unit}`
type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'
type MinuteText = `${'0' | '1' | '2' | '3' | '4' | '5'}${Digit}`
type Space = ' ' | '\t' | '\n'

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
