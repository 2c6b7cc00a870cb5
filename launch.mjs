#!/usr/bin/env node
/**
 * dist/bin/cron-mission.js and dist/bin/do-queue.js: start the quick part of the command, dist/quick/<command>.js, and the whole
 * command for what that does not see to, each with kept code. What cron does not start is an ES module, loaded as such.
 */
import { basename, dirname, join } from 'node:path'
import { loadKept } from './kept-code.mjs'

const COMMAND = basename(__filename, '.js')
const WHOLE = ['../command/tick.js', '../command/do-queue.js']
const MYSQL2 = '../vendor/mysql2.js'
const EXECA = '../vendor/execa.cjs'

/** Who stays for long saves memory rather than a moment: of code that is not kept, only what is called is compiled. */
const STAYS = process.argv.includes('--watch')

/** V8's space for short-lived objects grows while all is loaded, and would stay so for an idle worker. */
if (STAYS) require('node:v8').setFlagsFromString('--semi-space-growth-factor=1')

/** The quick part was not all: then its code is not what the next run needs. */
let isWhole = false
/** Nothing was started by execa: then what it calls is not compiled. */
let hasStarted = false

function load(path) {
  if (path === MYSQL2)
    return { default: isWhole ? loadWhole('../vendor/mysql2.cjs') : loadQuick('../vendor/mysql2.cjs') }
  isWhole = true
  if (path === EXECA) return starter()
  return WHOLE.includes(path) ? loadWhole(path) : import(path)
}

/** What has found work calls nearly the same as what has not: where nothing else was kept, its code will do. */
function loadQuick(path) {
  return loadKept(
    join(import.meta.dirname, path),
    STAYS ? [] : ['quick', 'handing-on'],
    () => (isWhole ? endedWell('handing-on') : 'quick'),
    requireBeside(path),
    load,
  )
}

function starter() {
  const loaded = loadWhole(EXECA, () => hasStarted)
  return {
    get execa() {
      hasStarted = true
      return loaded.execa
    },
  }
}

/** A run that came to nothing has not called what the others call. */
function loadWhole(path, isUsed = () => true) {
  return loadKept(
    join(import.meta.dirname, path),
    STAYS ? [] : [COMMAND],
    () => (isUsed() ? endedWell(COMMAND) : undefined),
    requireBeside(path),
    load,
  )
}

function endedWell(use) {
  return process.exitCode === 0 ? use : undefined
}

function requireBeside(path) {
  return (name) => require(name.startsWith('./') ? `${dirname(path)}/${name}` : name)
}

loadQuick(`../quick/${COMMAND}.js`)
