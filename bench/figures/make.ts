/**
 * `npm run figures [-- name …]`: what was measured comes into the documentation.
 *
 * It takes bench/results/<name>.json, of the benches named or of all there are, into docs/figures/, and makes the plots there and
 * the tables of README.md and docs/performance.md of all that docs/figures/ holds.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Complaint, EXIT } from '../../src/exit.ts'
import { RESULTS, type Report } from '../report.ts'
import { trimmed } from './figure.ts'
import { filled, plotsOf, type Reports } from './pages.ts'

const ROOT = join(import.meta.dirname, '../..')
const FIGURES = join(ROOT, 'docs/figures')
/** It takes part of the others', with limits of its own. */
const NOT_SHOWN = 'guard'

/** Pages with figures, and where the plots are from there. */
const PAGES = { 'README.md': 'docs/figures/', 'docs/performance.md': 'figures/' } as const

/** Every file that is made, by its path in the checkout, and what is to be in it. */
export function madeFiles(): Map<string, string> {
  const reports = keptReports()
  const plots = Object.values(reports).flatMap(plotsOf)
  return new Map([
    ...plots.map(({ name, svg }) => [`docs/figures/${name}.svg`, svg] as const),
    ...Object.entries(PAGES).map(
      ([page, folder]) => [page, filled(readFileSync(join(ROOT, page), 'utf8'), reports, folder)] as const,
    ),
  ])
}

export function keptReports(): Reports {
  const names = namesIn(FIGURES)
  return Object.fromEntries(
    names.map((name) => [name, JSON.parse(readFileSync(fileOf(FIGURES, name), 'utf8')) as Report]),
  )
}

function main(named: readonly string[]): void {
  mkdirSync(FIGURES, { recursive: true })
  const taken = named.length > 0 ? named.map(measured) : namesIn(RESULTS).flatMap(measuredIfShown)
  for (const report of taken)
    writeFileSync(fileOf(FIGURES, report.bench), `${JSON.stringify(trimmed(report), null, 1)}\n`)
  for (const file of readdirSync(FIGURES).filter((one) => one.endsWith('.svg'))) rmSync(join(FIGURES, file))
  for (const [path, text] of madeFiles()) writeFileSync(join(ROOT, path), text)
}

/** One that cannot be shown does not keep the others from it. */
function measuredIfShown(name: string): Report[] {
  if (name === NOT_SHOWN) return []
  try {
    return [measured(name)]
  } catch (error) {
    if (!(error instanceof Complaint)) throw error
    process.stderr.write(`figures: ${error.message}\n`)
    return []
  }
}

function measured(name: string): Report {
  const file = fileOf(RESULTS, name)
  if (!existsSync(file))
    throw new Complaint(EXIT.usage, `${name} was not measured. Run first: npm run bench -- ${name}`)
  const report = JSON.parse(readFileSync(file, 'utf8')) as Partial<Report>
  if (report.bench !== name || report.comparisons === undefined)
    throw new Complaint(EXIT.badData, `${file} was not written by this version. Run again: npm run bench -- ${name}`)
  return report as Report
}

function namesIn(directory: string): string[] {
  if (!existsSync(directory)) return []
  const files = readdirSync(directory).filter((file) => file.endsWith('.json'))
  return files.map((file) => basename(file, '.json')).toSorted()
}

function fileOf(directory: string, name: string): string {
  return join(directory, `${name}.json`)
}

if (import.meta.main) {
  try {
    main(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`figures: ${error instanceof Complaint ? error.message : (error as Error).stack}\n`)
    process.exitCode = error instanceof Complaint ? error.exitCode : EXIT.internal
  }
}
