/**
 * The text format of Prometheus, version 0.0.4: metrics in families, each with its help and type once, before its samples.
 */

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels?: Labels
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  readonly samples: readonly Sample[]
}

export interface Histogram {
  readonly name: string
  readonly help: string
  readonly type: 'histogram'
  readonly samples: readonly HistogramSample[]
}

export interface HistogramSample {
  readonly labels: Labels
  /** Up to each bound, in rising order: all that are not above it. */
  readonly buckets: readonly { readonly bound: number; readonly count: number }[]
  readonly count: number
  readonly sum: number
}

/** A family without samples is left out. */
export function prometheusText(families: readonly (Family | Histogram)[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map((family) => {
      const { name, help, type } = family
      const lines = family.type === 'histogram' ? histogramLines(family) : plainLines(family)
      return [`# HELP ${name} ${escapedHelp(help)}`, `# TYPE ${name} ${type}`, ...lines].map((it) => `${it}\n`).join('')
    })
    .join('')
}

function plainLines({ name, samples }: Family): string[] {
  return samples.map(({ labels = {}, value }) => line(name, labels, value))
}

function histogramLines({ name, samples }: Histogram): string[] {
  return samples.flatMap(({ labels, buckets, count, sum }) => [
    ...buckets.map((bucket) => line(`${name}_bucket`, { ...labels, le: String(bucket.bound) }, bucket.count)),
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ])
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}

function escapedHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => (character === '\n' ? '\\n' : '\\\\'))
}
