/** A text as TypeScript has it between quotes, and as a comment: on one line, whatever it holds. */

/** What does not show, or would end a line: control and format characters, separators of lines, halves of pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029\p{Cs}]/gu
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** `'it'`, or with double quotes where that needs fewer backslashes. */
export function typescriptText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)
  return `${quote}${visible(escaped)}${quote}`
}

/** Behind `//`. */
export function commentText(text: string): string {
  return `// ${visible(text.replaceAll('\t', ' '))}`.trimEnd()
}

/** As the key of an object. */
export function typescriptKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : typescriptText(name)
}

/** A code unit that has two hexadecimal digits or four is written so; others as a pair of those. */
function visible(text: string): string {
  return text.replaceAll(UNSEEN, (sign) => SHORT[sign] ?? Array.from(units(sign), unit).join(''))
}

function units(sign: string): number[] {
  return Array.from({ length: sign.length }, (_, at) => sign.charCodeAt(at))
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`
}
