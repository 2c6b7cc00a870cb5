/**
 * Plots and tables made of the figures that are kept in docs/figures/*.json: the same text whoever makes it.
 *
 * A page says where they belong: between `<!-- figures: spawn -->` and `<!-- /figures -->`, in docs/performance.md, and in the
 * README the ones that say most, between `<!-- figures: headlines -->` and the same end.
 */
import { type Comparison, figure, goalsText, ratioOf, sideOf } from '../comparison.ts'
import { type Machine, machineText } from '../machine.ts'
import type { Report } from '../report.ts'
import { type Spread, spread } from '../statistics.ts'
import { bars } from './bars.ts'
import { type GrowingLayout, HEADLINE_PLOTS, HEADLINES, type Headline, LAYOUTS, type Layout } from './layout.ts'
import { lines } from './lines.ts'

export interface Plot {
  /** `spawn-concurrency-4`: of docs/figures/spawn-concurrency-4.svg. */
  readonly name: string
  readonly title: string
  readonly svg: string
}

const SECTION = /<!-- figures: ([a-z]+) -->\n[\s\S]*?<!-- \/figures -->/g
const HEADLINES_SECTION = 'headlines'

/** @param reports  by the name of their bench */
export type Reports = Readonly<Record<string, Report>>

export function plotsOf(report: Report): Plot[] {
  const { bench, comparisons } = report
  const { drawn, byValue = [], growing = [] } = layoutOf(report)
  const kindOf = (id: string) => (byValue.some((pattern) => pattern.test(id)) ? 'value' : 'ratio')
  return [
    ...growing.flatMap((layout) => growthPlot(report, layout)),
    ...comparisons
      .filter(({ id }) => drawn.some((pattern) => pattern.test(id)))
      .map((comparison) => ({
        name: `${bench}-${comparison.id}`,
        title: comparison.title,
        svg: bars(comparison, kindOf(comparison.id)),
      })),
  ]
}

/**
 * @param folder  where the plots are, from the page: `figures/`
 * @returns the page with what belongs between its marks
 */
export function filled(page: string, reports: Reports, folder: string): string {
  return page.replaceAll(SECTION, (_, name: string) => {
    const content = name === HEADLINES_SECTION ? headlines(reports, folder) : section(name, reports[name], folder)
    return `<!-- figures: ${name} -->\n${content}\n<!-- /figures -->`
  })
}

/** Names of the benches that a page has a place for. */
export function sectionsOf(page: string): string[] {
  return [...page.matchAll(SECTION)].map(([, name = '']) => name)
}

function section(name: string, report: Report | undefined, folder: string): string {
  if (report === undefined) return `\nNot measured yet: \`npm run bench -- ${name} && npm run figures\` does it.\n`
  const { folded = [] } = layoutOf(report)
  const isFolded = ({ id }: Comparison) => folded.some((pattern) => pattern.test(id))
  const parts = [
    ...plotsOf(report).map((plot) => image(plot, folder)),
    ...report.comparisons.filter((one) => !isFolded(one)).map((one) => `**${one.title}**\n\n${tableOf(one)}`),
    ...report.comparisons.filter(isFolded).map(foldedTable),
    ...aboutSides(report),
    madeBy(report),
  ]
  return `\n${parts.join('\n\n')}\n`
}

function headlines(reports: Reports, folder: string): string {
  const rows = HEADLINES.flatMap((headline) => {
    const comparison = reports[headline.bench]?.comparisons.find((one) => one.id === headline.comparison)
    const result = comparison === undefined ? '' : headlineText(comparison, headline)
    return result === '' ? [] : [[headline.says, result, `\`${headline.bench}\``]]
  })
  if (rows.length === 0) return '\nNot measured yet: `npm run bench -- all && npm run figures` does it.\n'
  const plots = Object.values(reports).flatMap(plotsOf)
  const plot = HEADLINE_PLOTS.map((name) => plots.find((one) => one.name === name)).find((one) => one !== undefined)
  const shown = Object.values(reports).filter(({ bench }) => HEADLINES.some((one) => one.bench === bench))
  return `\n${[markdown(['', 'measured: median (lowest–highest)', 'bench'], rows), ...(plot === undefined ? [] : [image(plot, folder)]), madeWhere(shown)].join('\n\n')}\n`
}

/** `2.10 × pg-boss, 2.25 × BullMQ`; nothing when this side or all of its rivals were not measured. */
function headlineText(
  comparison: Comparison,
  { side, rivals = [comparison.rival], byValue = false }: Headline,
): string {
  const isThere = (name: string) => comparison.sides.some((one) => one.name === name)
  if (!isThere(side)) return ''
  if (byValue) return `${spreadText(spread(sideOf(comparison, side).samples))} ${comparison.unit}`
  const ratios = rivals.filter(isThere).map((rival) => ({ rival, ratio: ratioOf(comparison, side, rival) }))
  const words = ratios.map(({ rival, ratio }) => {
    const figures = ratios.length === 1 ? spreadText(ratio) : withCommas(ratio.median)
    return `${figures} × ${rival}`
  })
  return words.join(', ')
}

function layoutOf({ bench, comparisons }: Report): Layout {
  return LAYOUTS[bench] ?? { drawn: comparisons.slice(0, 1).map(({ id }) => new RegExp(`^${id}$`)) }
}

function growthPlot({ bench, comparisons }: Report, { id, title, of, sizes }: GrowingLayout): Plot[] {
  const found = comparisons.flatMap((comparison) => {
    const size = Number(of.exec(comparison.id)?.groups?.size)
    return Number.isFinite(size) ? [{ comparison, size }] : []
  })
  const [first] = found
  if (first === undefined) return []
  const names = [...new Set(found.flatMap(({ comparison }) => comparison.sides.map(({ name }) => name)))]
  const series = names.map((name) => ({
    name,
    points: found
      .filter(({ comparison }) => comparison.sides.some((side) => side.name === name))
      .map(({ comparison, size }) => ({ size, value: spread(sideOf(comparison, name).samples) }))
      .toSorted((a, b) => a.size - b.size),
  }))
  const rounds = first.comparison.sides[0]?.samples.length ?? 0
  const subtitle = `Median of ${rounds} rounds; whiskers: the lowest and the highest. Both scales are logarithmic.`
  const svg = lines({ title, subtitle, unit: first.comparison.unit, sizes, series })
  return [{ name: `${bench}-${id}`, title, svg }]
}

function tableOf(comparison: Comparison): string {
  const { unit, rival, sides, goals = [] } = comparison
  const hasGoals = goals.length > 0
  const rows = sides.map(({ name, samples }) => [
    name,
    spreadText(spread(samples)),
    name === rival ? '1' : spreadText(ratioOf(comparison, name)),
    ...(hasGoals ? [goalsText(comparison, name)] : []),
  ])
  return markdown(['', `${unit}: median (lowest–highest)`, `× ${rival}`, ...(hasGoals ? ['to be reached'] : [])], rows)
}

/** What a bench tells of each of its sides in its options, the same facts of all: `about: [{ name, version, … }]`. */
function aboutSides({ options }: Report): string[] {
  const about = (options as { about?: readonly Readonly<Record<string, string>>[] }).about ?? []
  const facts = Object.keys(about[0] ?? {})
  if (facts.length === 0) return []
  const head = facts.map((fact) => (fact === 'name' ? '' : fact))
  const rows = about.map((side) => facts.map((fact) => side[fact] ?? ''))
  return [`<details><summary>What each of them is</summary>\n\n${markdown(head, rows)}\n\n</details>`]
}

function foldedTable(comparison: Comparison): string {
  return `<details><summary>${comparison.title}</summary>\n\n${tableOf(comparison)}\n\n</details>`
}

function madeBy({ bench, at, commit, machine, versions = {}, comparisons }: Report): string {
  // A version that says of what it is needs no name before it.
  const named = Object.entries(versions).map(([name, version]) =>
    /^\d/.test(version) ? `${name} ${version}` : version,
  )
  const used = [...new Set(named)]
  const rounds = [...new Set(comparisons.flatMap(({ sides }) => sides.map(({ samples }) => samples.length)))]
  return (
    `${machineText(machine).replace('\n', '; ')}${used.length === 0 ? '' : `, ${used.join(', ')}`}. ` +
    `${rounds.join(' and ')} ${rounds.at(-1) === 1 ? 'round' : 'rounds'} on ${at.slice(0, 'yyyy-mm-dd'.length)} with commit ${commit}; ` +
    `\`npm run bench -- ${bench}\` makes them again.`
  )
}

function madeWhere(reports: readonly Report[]): string {
  const different = (of: (report: Report) => string) => [...new Set(reports.map(of))].join(' and ')
  return (
    `${different(({ machine }) => onMachine(machine))}; ${different(({ at }) => at.slice(0, 'yyyy-mm-dd'.length))}, ` +
    `commit ${different(({ commit }) => commit)}. \`npm run bench -- all && npm run figures\` makes all of it again.`
  )
}

/** Without the load, which differs from bench to bench. */
function onMachine(machine: Machine): string {
  return machineText(machine)
    .replace(/, load [\d.]+/, '')
    .replace('\n', '; ')
}

function image({ name, title }: Plot, folder: string): string {
  return `![${title}](${folder}${name}.svg)`
}

/** Nothing where the rival is at 0. */
function spreadText({ median, min, max }: Spread): string {
  if (!Number.isFinite(median)) return ''
  return min === max ? withCommas(median) : `${withCommas(median)} (${withCommas(min)}–${withCommas(max)})`
}

function withCommas(value: number): string {
  return Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en') : figure(value)
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n')
}
