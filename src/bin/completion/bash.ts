/**
 * The completion of our commands for bash, as a script: tables of what can stand where, and one function that looks there.
 */
import type { CompletedCommand, CompletedVerb, Source } from './candidates.ts'
import { FINDERS } from './finders.ts'

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const verbs = commands.flatMap(({ name, verbs, unnamed }) =>
    [unnamed, ...verbs].map((verb) => ({ key: `${name} ${verb.name}`.trim(), verb })),
  )
  const names = commands.map(({ name }) => name)
  return `# bash completion of ${names.join(', ')}: made by "queuectl completion bash".
# shellcheck shell=bash

${FINDERS}
# What can be typed, in $verbs, $flags, $valued (flags that take a value) and $words (what stands at each place).
_cron_mission_table() { # command verb
  case "$1 $2" in
${verbs.map(({ key, verb }) => tableEntry(key, verb)).join('\n')}
  esac
  case $1 in
${commands.map(({ name, verbs }) => `    ${name}) verbs='${verbs.map((verb) => verb.name).join(' ')}' ;;`).join('\n')}
  esac
}

# What a flag takes, in $source.
_cron_mission_source() { # command verb flag
  case "$1 $2 $3" in
${verbs.flatMap(({ key, verb }) => sourceEntries(key, verb)).join('\n')}
  esac
}

_cron_mission() {
  local cur prev command=\${1##*/} verb='' verbs='' flags='' valued='' words='' source='' directory=. before='' word i place=0
  COMPREPLY=()
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD - 1]}
  # bash takes --flag=value apart.
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]] && ((COMP_CWORD > 1)); then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi

  _cron_mission_table "$command" ''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      -*)
        [[ " $valued " == *" $word "* ]] || continue
        [[ \${COMP_WORDS[i + 1]} == '=' ]] && ((i++))
        ((i++))
        [[ $word == --directory ]] && ((i < COMP_CWORD)) && directory=\${COMP_WORDS[i]}
        ;;
      *)
        if [[ -z $verb && " $verbs " == *" $word "* ]]; then
          verb=$word
          _cron_mission_table "$command" "$verb"
        else
          ((place++))
        fi
        ;;
    esac
  done

  if [[ $prev == -* && " $valued " == *" $prev "* ]]; then
    _cron_mission_source "$command" "$verb" "$prev"
  elif [[ $cur == -* ]]; then
    source="words $flags"
  elif [[ -z $verb && -n $verbs ]]; then
    source="words $verbs"
  else
    for word in $words; do
      ((place-- == 0)) && source=$word
    done
    source=\${source//,/ }
  fi

  case $source in
    '' | nothing) return 0 ;;
    files)
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
      return 0
      ;;
    directories)
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "$cur")
      return 0
      ;;
    list\\ *)
      [[ $cur == *,* ]] && before=\${cur%,*},
      source=\${source#list }
      ;;
  esac
  case $source in
    words\\ *) word=\${source#words } ;;
    *) word=$(_cron_mission_names "$source" "$directory") ;;
  esac
  while IFS= read -r word; do COMPREPLY+=("$before$word"); done < <(compgen -W "$word" -- "\${cur#"$before"}")
}

complete -F _cron_mission ${names.join(' ')}
`
}

function tableEntry(key: string, { flags, words }: CompletedVerb): string {
  const all = flags.flatMap(({ names }) => names)
  const valued = flags.filter(({ value }) => value !== undefined).flatMap(({ names }) => names)
  const places = words.map((source) => place(source)).join(' ')
  return `    '${pattern(key)}') flags='${all.join(' ')}' valued='${valued.join(' ')}' words='${places}' ;;`
}

/** Written as one word, so that the words stand behind each other. */
function place(source: Source): string {
  return typeof source === 'string' ? source : ['words', ...source].join(',')
}

function sourceEntries(key: string, { flags }: CompletedVerb): string[] {
  return flags.flatMap(({ names, value, isList }) => {
    if (value === undefined || value === 'nothing') return []
    const source = typeof value === 'string' ? value : ['words', ...value].join(' ')
    const cases = names.map((name) => `'${pattern(key)} ${name}'`).join(' | ')
    return `    ${cases}) source='${isList ? 'list ' : ''}${source}' ;;`
  })
}

/** The verb of a command that has none is empty, and a blank stands before it. */
function pattern(key: string): string {
  return key.includes(' ') ? key : `${key} `
}
