/**
 * The sentences that the sources can print about something wrong, read from their text.
 *
 * `new Complaint(code, sentence)`, `complain(sentence)` and writing to standard error say where. Where the sentence is written there, it is taken from
 * there; where it comes from elsewhere, every text of the file that reads like a sentence may be one. What varies is `…`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EXIT, type ExitCode } from '../../../src/exit.ts'

export interface SourceSentence {
  /** With `…` for what varies. */
  readonly sentence: string
  /** Undefined where the code is decided elsewhere, and of a sentence that is no end. */
  readonly exitCode: ExitCode | undefined
  /** From the root of the repository. */
  readonly file: string
}

interface Token {
  readonly kind: 'text' | 'word' | 'sign'
  /** Of a text, what it says, with `…` for what varies. */
  readonly value: string
}

const ROOT = resolve(import.meta.dirname, '../../..')

/** What is said of the language of schedule.ts has its place in docs/schedule.md, and tests beside it. */
const LANGUAGE = [
  'src/schedule/calendar/',
  ...[
    'option-values',
    'command-options',
    'read-when',
    'job-options',
    'job-rules',
    'job-chains',
    'plan',
    'functions',
  ].map((name) => `src/schedule/language/${name}.ts`),
]

/** Where sentences for cron's mail are made that somebody else prints. */
const TOLD_ELSEWHERE = [
  'src/schedule/tick/endings.ts',
  'src/schedule/tick/carry-out.ts',
  'src/schedule/tick/history.ts',
  'src/schedule/incident/settle-incidents.ts',
  'src/schedule/report/silence.ts',
  'src/bin/start.ts',
]

const ENDS = ['Complaint', 'ShardTaken']
const SENTENCE = /^(?:…|[A-Z"]|--).* .*(?:[.?]|[.?] …|…)$/s
const WHOLE = /^(?:…|[A-Z"]|--).* .*[.?]$/s

export function sentencesOfSources(): SourceSentence[] {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts') && file !== 'src/exit.ts' && !LANGUAGE.some((one) => file.startsWith(one)))
  return files.toSorted().flatMap((file) => sentencesOf(file, readFileSync(join(ROOT, file), 'utf8')))
}

export function sentencesOf(file: string, source: string): SourceSentence[] {
  const tokens = tokensOf(source)
  const found: SourceSentence[] = []
  let fromElsewhere = TOLD_ELSEWHERE.includes(file)
  for (const [i, { kind, value }] of tokens.entries()) {
    if (kind !== 'word' || tokens[i + 1]?.value !== '(') continue
    const before = tokens[i - 1]?.value
    const isEnd = ENDS.includes(value) && before === 'new'
    const isPrinted =
      value === 'complain' ? before !== 'function' : value === 'write' && tokens[i - 2]?.value === 'stderr'
    if (!isEnd && !isPrinted) continue
    const [first = [], second = []] = argumentsAt(tokens, i + 2)
    const texts = textsOf(isEnd ? second : first).map((text) => text.replace(/^(?:[a-z-]+|…): /, '').trimEnd())
    const written = texts.filter((text) => SENTENCE.test(text))
    if (written.length === 0 && isEnd) fromElsewhere = true
    for (const sentence of written) found.push({ sentence, exitCode: isEnd ? exitCodeOf(first) : undefined, file })
  }
  if (!fromElsewhere) return found
  const others = textsOf(tokens).filter((text) => WHOLE.test(text) && !found.some(({ sentence }) => sentence === text))
  return [...found, ...others.map((sentence) => ({ sentence, exitCode: undefined, file }))]
}

function exitCodeOf(tokens: readonly Token[]): ExitCode | undefined {
  const [what, dot, name] = tokens.map(({ value }) => value)
  return tokens.length === 3 && what === 'EXIT' && dot === '.' ? EXIT[name as keyof typeof EXIT] : undefined
}

/** The texts of an expression; those that are joined by `+` are one. */
function textsOf(tokens: readonly Token[]): string[] {
  const texts: string[] = []
  let isOpen = false
  for (const { kind, value } of tokens) {
    if (kind === 'text' && isOpen) texts.push(texts.pop() + value)
    else if (kind === 'text') texts.push(value)
    isOpen = kind === 'sign' && value === '+' && texts.length > 0
  }
  return texts
}

/** @param from  behind the bracket that opens them */
function argumentsAt(tokens: readonly Token[], from: number): Token[][] {
  const all: Token[][] = [[]]
  let depth = 0
  for (const token of tokens.slice(from)) {
    if (token.kind === 'sign' && ')]}'.includes(token.value) && --depth < 0) break
    if (token.kind === 'sign' && '([{'.includes(token.value)) depth++
    if (token.kind === 'sign' && token.value === ',' && depth === 0) all.push([])
    else all.at(-1)?.push(token)
  }
  return all
}

/** What may stand before a regular expression, and never before a division. */
const BEFORE_REGEXP = /[(,=:[!&|?{};>]$|\breturn$/
const PARTS = [
  /\/\/[^\n]*|\/\*[\s\S]*?\*\//y, // a comment
  /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/y,
  /[\w$#]+/y,
] as const

function tokensOf(source: string): Token[] {
  const tokens: Token[] = []
  const [comment, quoted, word] = PARTS
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const match = pattern.exec(source)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  while (at < source.length) {
    if (take(/\s+/y) !== null || take(comment) !== null) continue
    const text = take(quoted)
    if (text !== null) tokens.push({ kind: 'text', value: unescaped(text[1] ?? text[2] ?? '') })
    else if (source[at] === '`') {
      const end = endOfTemplate(source, at)
      tokens.push({ kind: 'text', value: templateText(source.slice(at + 1, end - 1)) })
      at = end
    } else if (source[at] === '/' && BEFORE_REGEXP.test(tokens.at(-1)?.value ?? '(')) {
      if (take(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y) === null) at++
      tokens.push({ kind: 'word', value: 'regexp' })
    } else {
      const name = take(word)
      tokens.push(name === null ? { kind: 'sign', value: source[at++] ?? '' } : { kind: 'word', value: name[0] })
    }
  }
  return tokens
}

/** @returns the place behind its closing backtick */
function endOfTemplate(source: string, from: number): number {
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === '`') return at + 1
    else if (source.startsWith('${', at)) at = endOfHole(source, at + 2) - 1
  }
  return source.length
}

/** @returns the place behind the brace that closes it */
function endOfHole(source: string, from: number): number {
  let depth = 1
  for (let at = from; at < source.length; at++) {
    const sign = source[at]
    if (sign === '`') at = endOfTemplate(source, at) - 1
    else if (sign === "'" || sign === '"') at = source.indexOf(sign, at + 1)
    else if (sign === '{') depth++
    else if (sign === '}' && --depth === 0) return at + 1
  }
  return source.length
}

function templateText(body: string): string {
  let text = ''
  for (let at = 0; at < body.length; at++) {
    if (body.startsWith('${', at)) {
      text += '…'
      at = endOfHole(body, at + 2) - 1
    } else text += body[at] === '\\' ? body.slice(at, ++at + 1) : body[at]
  }
  return unescaped(text)
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, sign: string) => ({ n: '\n', t: '\t', 0: '\0' })[sign] ?? sign)
}
