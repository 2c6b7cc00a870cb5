/**
 * Reading a plain command line by hand: known flags, written out, each with its value.
 *
 * yargs reads everything a person may type, and costs more than all else that a tick does in a quiet minute. What crontab
 * and the tick itself call is plain; whatever is not, a mistake or `--help` among it, is left to yargs.
 */

/** By name, as yargs is told them. */
export type FlagKinds = Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>
export type PlainFlags<Kinds extends FlagKinds> = {
  readonly [Name in keyof Kinds]?: (Kinds[Name]['type'] extends 'string' ? string : boolean) | undefined
}

/** @returns undefined when the line is not plain; of a flag that is given twice, the last */
export function plainFlags<const Kinds extends FlagKinds>(
  args: readonly string[],
  kinds: Kinds,
): PlainFlags<Kinds> | undefined {
  const flags: Record<string, string | true> = {}
  for (let i = 0; i < args.length; i++) {
    const [, name = '', given] = /^--([a-z][a-z-]*)(?:=(.+))?$/s.exec(args[i] ?? '') ?? []
    const kind = Object.hasOwn(kinds, name) ? kinds[name]?.type : undefined
    if (kind === 'boolean' && given === undefined) flags[name] = true
    else if (kind === 'string') {
      const value = given ?? args[++i]
      if (value === undefined || value === '' || value.startsWith('-')) return undefined
      flags[name] = value
    } else return undefined
  }
  return flags as PlainFlags<Kinds>
}
