/**
 * The words of a shell command, as far as they can be told without running it.
 *
 * It is for looking at a crontab line: which directory it changes to and what it calls. What only a shell could know, such as
 * `$(…)`, stays as it is written.
 */

export type ShellWord =
  | { readonly kind: 'word'; readonly text: string }
  /** `&&`, `;`, `|`, a bracket, or a redirection: another command or a file begins here. */
  | { readonly kind: 'operator'; readonly text: string }

const BLANK = /[ \t\n]/
const OPERATOR = /^(?:&&|\|\||;;|>>|<<|>&|<&|&>|[;&|()<>])/
const VARIABLE = /^\$(?:\{(\w+)\}|(\w+))/

/** @param variables  those whose values are known, such as HOME */
export function shellWords(command: string, variables: Readonly<Record<string, string>> = {}): ShellWord[] {
  const words: ShellWord[] = []
  let rest = command
  for (;;) {
    rest = rest.replace(/^[ \t\n]+/, '')
    if (rest === '' || rest.startsWith('#')) return words
    const [operator] = OPERATOR.exec(rest) ?? []
    if (operator === undefined) {
      const { text, length } = readWord(rest, variables)
      words.push({ kind: 'word', text })
      rest = rest.slice(length)
    } else {
      words.push({ kind: 'operator', text: operator })
      rest = rest.slice(operator.length)
    }
  }
}

/** The word at the beginning of `text`, and how many characters of it that is. */
function readWord(text: string, variables: Readonly<Record<string, string>>): { text: string; length: number } {
  let word = ''
  let at = 0
  let quote: '"' | "'" | undefined
  if (/^~(?=\/|[ \t\n]|$)/.test(text) && variables.HOME !== undefined) {
    word = variables.HOME
    at = 1
  }
  for (; at < text.length; at++) {
    const character = text[at] as string
    if (quote === undefined && (BLANK.test(character) || OPERATOR.test(text.slice(at)))) break
    const [whole, braced, bare] = quote === "'" ? [] : (VARIABLE.exec(text.slice(at)) ?? [])
    const value = variables[braced ?? bare ?? '']
    if (whole !== undefined && value !== undefined) {
      word += value
      at += whole.length - 1
    } else if (character === quote) quote = undefined
    else if (quote === undefined && (character === '"' || character === "'")) quote = character
    else if (character === '\\' && quote !== "'") word += text[++at] ?? ''
    else word += character
  }
  return { text: word, length: at }
}
