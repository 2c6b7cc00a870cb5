#!/bin/sh
# Backs up a file or directory of the project: the parameter is its path, nothing else.
#
#   add-task backup var/data        makes  backups/var/data/20261120T023000Z.tar.gz
#
# A path may hold any byte, so it is used only inside quotes, never spelled into a command. A backup is written
# under a temporary name and moved into place when it is whole: what has a date for a name can be relied upon.
#
# BACKUP_DIR   where to (backups)
# BACKUP_KEEP  how many of the newest to keep (7)

set -eu

path=${1-}
keep=${BACKUP_KEEP:-7}

# 65 tells the queue that no later attempt can do better.
refuse() {
  printf 'backup: %s\n' "$1" >&2
  exit 65
}

[ -n "$path" ] || refuse 'No path was given. The parameter is the path of a file or directory.'
case $path/ in
  /* | ./* | ../* | */./* | */../*) refuse "\"$path\" is not a plain path inside the project. Use one such as var/data." ;;
esac
case $keep in
  '' | 0* | *[!0-9]*) refuse "BACKUP_KEEP is \"$keep\". Use a whole number from 1." ;;
esac
[ -e "$path" ] || refuse "\"$path\" does not exist."

directory=${BACKUP_DIR:-backups}/$path
part=$directory/.${TASK_ID:-$$}.part # the next attempt of this task overwrites what a killed one left
mkdir -p -- "$directory"
trap 'rm -f -- "$part"' EXIT
trap 'exit 143' TERM

# GNU tar reads \n in the name of a file as a line break unless told not to; other tars do not know the word.
case $(tar --version 2>/dev/null) in
  *'GNU tar'*) verbatim=--no-unquote ;;
  *) verbatim= ;;
esac

# Anything but 0 or 65, as when a file changed while it was read, is tried again by the task's list of delays.
tar $verbatim -czf - -- "$path" >"$part"
backup=$directory/$(date -u +%Y%m%dT%H%M%SZ).tar.gz
mv -f -- "$part" "$backup"
printf 'backed up %s to %s\n' "$path" "$backup"

# Names of this form sort by age, so the oldest come first.
set -- "$directory"/[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z.tar.gz
while [ $# -gt "$keep" ]; do
  rm -f -- "$1"
  shift
done
