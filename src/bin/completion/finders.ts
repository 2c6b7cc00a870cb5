/**
 * The functions of a shell that find names: jobs and queues in the plans that ticks keep, task programs in their directory.
 *
 * The same text for bash and zsh. They look where the command would look: `--directory`, then what the environment or the
 * project's `.env` says.
 */
export const FINDERS = `\
# What a setting is: the variable, else the project's .env, else the default.
_cron_mission_setting() { # variable default directory
  local value
  eval "value=\\\${$1:-}"
  if [ -z "$value" ] && [ -r "$3/.env" ]; then
    value=$(sed -n "s/^[[:space:]]*$1=[\\"']\\{0,1\\}\\([^\\"']*\\)[\\"']\\{0,1\\}[[:space:]]*$/\\1/p" "$3/.env" | tail -n 1)
  fi
  value=\${value:-$2}
  case $value in
    /*) printf '%s\\n' "$value" ;;
    *) printf '%s\\n' "$3/$value" ;;
  esac
}

# Every value of a field in the plans that the ticks of the project keep.
_cron_mission_planned() { # field directory
  local state
  state=$(_cron_mission_setting QUEUE_STATE .queue "$2")
  find "$state" -maxdepth 1 -name 'plan-*.json' -exec grep -ho "\\"$1\\":\\"[^\\"\\\\\\\\]*\\"" {} + 2>/dev/null |
    cut -d '"' -f 4 | sort -u
}

_cron_mission_names() { # jobs|queues|programs directory
  case $1 in
    jobs) _cron_mission_planned id "$2" ;;
    queues) { echo default; _cron_mission_planned queue "$2"; } | sort -u ;;
    programs)
      find "$(_cron_mission_setting QUEUE_TASKS tasks "$2")" -maxdepth 1 -type f 2>/dev/null |
        sed 's|.*/||; /^[.]/d; s/[.][^.]*$//' | sort -u
      ;;
  esac
}
`
