/**
 * A name for what a command does, from its words: `/usr/bin/php /var/www/shop/bin/send_mails.php --all` is `send-mails`.
 *
 * It is for reading. Where nothing fits it is `job`, and of two that are alike the second gets a number.
 */
import { basename, dirname } from 'node:path'
import { type ShellWord, shellWords } from '../shell-words.ts'

/** A job with `exec` may have 55; some are left for a number. */
const LONGEST = 50

/** They run what stands behind them; with the options of theirs that take a word. */
const WRAPPERS: Readonly<Record<string, RegExp>> = {
  env: /^-[uCS]$/,
  nice: /^-n$/,
  ionice: /^-[cnp]$/,
  chrt: /^-p$/,
  timeout: /^-[ks]$/,
  flock: /^-[wE]$/,
  sudo: /^-[ugh]$/,
  runuser: /^-[ug]$/,
  su: /^-s$/,
  nohup: /^$/,
  setsid: /^$/,
  exec: /^$/,
  chronic: /^$/,
  cronic: /^$/,
  command: /^$/,
  systemd: /^$/,
  'systemd-cat': /^-[tp]$/,
  php: /^-[dcz]$/,
  python: /^-[WX]$/,
  perl: /^-[IM]$/,
  ruby: /^-[Ir]$/,
  node: /^-r$/,
  sh: /^$/,
  bash: /^$/,
  dash: /^$/,
}
/** How many words of their own stand before the command: a file, a length of time. */
const OWN_WORDS: Readonly<Record<string, number>> = { timeout: 1, flock: 1 }
/** They say little alone: what stands behind or above them is what is done. */
const FRONTS =
  /^(?:artisan|console|manage|wp|drush|yii|occ|magento|rake|npm|npx|yarn|composer|make|docker|git|run-parts)$/
const GENERAL = /^(?:cron|cronjob|index|main|run|job|start|script|update|task|tasks)$/
const FETCHERS = /^(?:curl|wget|fetch|lynx)$/
/** They only ask, or only prepare. */
const ASKING = /^(?:cd|test|\[|\[\[|which|umask|ulimit|export|set|source|\.|true|:|sleep)$/
/** What stands before a command and is none: an assignment, a word of the shell's grammar. */
const SIGN = /^(?:\w+=.*|if|then|else|elif|do|while|until|!|\{|\}|fi|done|time)$/s
const PLACES = /^(?:|bin|sbin|scripts?|cron|crons|cron\.d|jobs?|tasks?|cgi-bin|public|htdocs|html|www|lib|\.|\/)$/

/** @param taken  ids that are in use; the new one is added */
export function jobId(command: string, taken: Set<string>): string {
  const name = cleaned(nameOf(command)) || 'job'
  let id = name
  for (let number = 2; taken.has(id); number++) id = `${name}-${number}`
  taken.add(id)
  return id
}

function nameOf(command: string): string {
  const calls = simpleCommands(shellWords(command)).map(unwrapped)
  const telling = calls.filter(([first = '']) => first !== '' && !ASKING.test(first))
  const [program = '', ...rest] = telling[0] ?? calls.find(([first]) => first !== undefined) ?? []
  const name = stem(program)
  const words = rest.filter((word) => !word.startsWith('-'))
  if (FETCHERS.test(name)) return addressName(words) ?? name
  if (FRONTS.test(name)) {
    const [first = '', second = ''] = words.map((word) => (word.includes('/') ? stem(word) : word))
    return /^(?:run|exec|cron|compose)$/.test(first) ? `${first} ${second}` : first || name
  }
  if (!GENERAL.test(name)) return name
  const above = stem(
    dirname(program)
      .split('/')
      .findLast((part) => !PLACES.test(part)) ?? '',
  )
  return `${above} ${name}`
}

/** Without assignments, wrappers and their options. */
function unwrapped(words: readonly string[]): string[] {
  const rest = [...words]
  for (;;) {
    while (SIGN.test(rest[0] ?? '')) rest.shift()
    const name = basename(rest[0] ?? '').replace(/[\d.]+$/, '')
    const takesWord = WRAPPERS[name]
    if (takesWord === undefined || rest.length < 2) return rest
    const left = rest.slice(1)
    for (let own = OWN_WORDS[name] ?? 0; left[0]?.startsWith('-') || own > 0; ) {
      const word = left.shift() ?? ''
      if (!word.startsWith('-')) own--
      else if (isCommandOption(word, name) && left[0] !== undefined) return unwrapped(firstTelling(left[0]))
      else if (takesWord.test(word)) left.shift()
    }
    if (left.length === 0) return rest
    rest.splice(0, rest.length, ...left)
  }
}

/** `-c`, behind which a whole command stands as one word. */
function isCommandOption(option: string, name: string): boolean {
  return /^-\w*c$/.test(option) && /^(?:sh|bash|dash|su|flock)$/.test(name)
}

function firstTelling(command: string): string[] {
  return simpleCommands(shellWords(command)).find(([first = '']) => !ASKING.test(first)) ?? []
}

function simpleCommands(words: readonly ShellWord[]): string[][] {
  const commands: string[][] = [[]]
  let isFile = false
  for (const { kind, text } of words) {
    if (kind === 'word' && !isFile) commands.at(-1)?.push(text)
    isFile = kind === 'operator' && /[<>]/.test(text)
    if (kind === 'operator' && !isFile) commands.push([])
  }
  return commands
}

function addressName(words: readonly string[]): string | undefined {
  const url = URL.parse(words.find((word) => /^https?:\/\//.test(word)) ?? '')
  const parts = (url?.pathname ?? '')
    .split('/')
    .map(stem)
    .filter((part) => part !== '')
  const last = parts.at(-1)
  if (last === undefined) return url?.hostname
  return GENERAL.test(last) ? `${parts.at(-2) ?? url?.hostname} ${last}` : last
}

function stem(path: string): string {
  return basename(path).replace(/\.(?:php\d?|phar|py|pl|rb|sh|bash|[cm]?[jt]s|pyc|exe|cgi|aspx?|html?)$/i, '')
}

function cleaned(name: string): string {
  const plain = name
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
    .toLowerCase()
  const dashed = plain.replaceAll(/[^a-z0-9.]+/g, '-').replace(/^[-.]+/, '')
  return dashed.slice(0, LONGEST).replace(/[-.]+$/, '')
}
