/** The program that notes when it was started, and reading what it has noted. */
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram, needProgram } from '../../test/helpers/server-program.ts'

// Starting Perl takes some milliseconds, which are in every side's figures then.
const IN_PERL = `#!/usr/bin/perl
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
my $now = clock_gettime(CLOCK_MONOTONIC);
open(my $file, '>>', 'starts') or exit 1;
syswrite($file, sprintf("%s %.0f\\n", $ARGV[0], $now * 1e9)) or exit 1;
`
const LOOK_MS = 5
const PATIENCE_MS = 30_000

/** @returns what it is written in */
export async function makeStamp(path: string): Promise<'C' | 'Perl'> {
  await needProgram('compiler')
  if (findProgram('cc') !== undefined) {
    execFileSync('cc', ['-O2', '-o', path, join(import.meta.dirname, 'stamp.c')])
    return 'C'
  }
  process.stdout.write(
    'Without a C compiler: the program is in Perl, whose start takes longer and is in every figure.\n',
  )
  writeFileSync(path, IN_PERL)
  chmodSync(path, 0o755)
  return 'Perl'
}

/**
 * @param whose  named where it does not start in time
 * @returns nanoseconds of the clock that all processes share
 */
export async function startOf(directory: string, word: string, whose: string): Promise<number> {
  const line = new RegExp(`^${word} (\\d+)$`, 'm')
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const found = line.exec(contentOf(join(directory, 'starts')))?.[1]
    if (found !== undefined) return Number(found)
    if (performance.now() > deadline)
      throw new Error(`${whose}: the program of task ${word} was not started in ${PATIENCE_MS} ms.`)
    await sleep(LOOK_MS)
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // nothing was started yet
  }
}
