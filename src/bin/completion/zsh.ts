/**
 * The completion of our commands for zsh, as a script: what `_arguments` of zsh takes, a function for each command.
 */
import type { CompletedCommand, CompletedFlag, CompletedVerb, Source } from './candidates.ts'
import { FINDERS } from './finders.ts'

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name)
  return `#compdef ${names.join(' ')}
# zsh completion of ${names.join(', ')}: made by "queuectl completion zsh".

${FINDERS}
_cron_mission_find() { # jobs|queues|programs [list]
  local -a names
  names=(\${(f)"$(_cron_mission_names $1 \${(Q)opt_args[--directory]:-.})"})
  if [[ $2 == list ]]; then
    _sequence compadd - -a names
  else
    compadd -a names
  fi
}

_cron_mission() {
  local curcontext="$curcontext" state line
  local -a verbs
  typeset -A opt_args
  case \${service:t} in
${commands.map(commandCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _cron_mission ]]; then
  _cron_mission "$@"
else
  compdef _cron_mission ${names.join(' ')}
fi
`
}

function commandCase({ name, verbs, unnamed }: CompletedCommand): string {
  if (verbs.length === 0) return `    ${name})\n${callOf(unnamed, 6)}\n      ;;`
  return `    ${name})
      verbs=(
${verbs.map((verb) => `        ${quoted(`${verb.name}:${verb.describe}`)}`).join('\n')}
      )
${callOf({ ...unnamed, words: [] }, 6, ["'1: :->verb'", "'*:: :->rest'"])}
      case $state in
        verb) _describe -t commands command verbs ;;
        rest)
          case $line[1] in
${verbs.map((verb) => `            ${verb.name})\n${callOf(verb, 14)}\n              ;;`).join('\n')}
          esac
          ;;
      esac
      ;;`
}

function callOf({ flags, words }: CompletedVerb, indent: number, more: readonly string[] = []): string {
  const places = words.map((source, place) => quoted(`${place + 1}:${messageOf(source)}:${actionOf(source, false)}`))
  const specs = [...flags.flatMap(flagSpecs), ...places, ...more]
  const blank = ' '.repeat(indent)
  return `${blank}_arguments -C -s \\\n${specs.map((spec) => `${blank}  ${spec}`).join(' \\\n')}`
}

/** `--queue=[Of this queue]:queues:…`; another name of the same flag has a line of its own. */
function flagSpecs({ names, describe, value, isList }: CompletedFlag): string[] {
  const text = describe.replaceAll('[', '(').replaceAll(']', ')').replaceAll(':', '\\:')
  return names.map((name) => {
    const others = names.length === 1 ? '' : `(${names.join(' ')})`
    if (value === undefined) return quoted(`${others}${name}[${text}]`)
    const equals = name.startsWith('--') ? '=' : ''
    return quoted(`${others}${name}${equals}[${text}]:${messageOf(value)}:${actionOf(value, isList)}`)
  })
}

function messageOf(source: Source): string {
  return typeof source === 'string' && source !== 'nothing' ? source : 'value'
}

/** With a blank in front it is called as it stands, without the options for `compadd` that its words would be mistaken for. */
function actionOf(source: Source, isList: boolean): string {
  if (typeof source !== 'string') return isList ? `_sequence compadd - ${source.join(' ')}` : `(${source.join(' ')})`
  if (source === 'files') return '_files'
  if (source === 'directories') return '_files -/'
  return source === 'nothing' ? ' ' : ` _cron_mission_find ${source}${isList ? ' list' : ''}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
