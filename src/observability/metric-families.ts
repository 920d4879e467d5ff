/** Counters, gauges and histograms as prom-client takes them from other processes: plain objects, made when someone reads them. */
import type { Registry } from 'prom-client'

export interface Sample {
  labels: Record<string, string>
  value: number
  metricName?: string
}

export interface Family {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  aggregator: 'first'
  values: Sample[]
}

export function labelled(labels: Record<string, string>, value: number): Sample {
  return { labels, value }
}

export function counter(name: string, help: string, values: Sample[]): Family {
  return { name, help, type: 'counter', aggregator: 'first', values }
}

export function gauge(name: string, help: string, values: Sample[]): Family {
  return { name, help, type: 'gauge', aggregator: 'first', values }
}

/** Empty ones are left out. @param series labels, and a histogram of these bounds */
export function histogram(
  name: string,
  help: string,
  bounds: readonly number[],
  series: readonly (readonly [Record<string, string>, number[]])[],
): Family {
  const values = series.flatMap(([labels, counted]) => {
    let below = 0
    const buckets = [...bounds, '+Inf'].map((le, index) => {
      below += counted[index] ?? 0
      return { metricName: `${name}_bucket`, labels: { le: String(le), ...labels }, value: below }
    })
    if (below === 0) return []
    const sum = counted[bounds.length + 1] ?? 0
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: below },
    ]
  })
  return { name, help, type: 'histogram', aggregator: 'first', values }
}

/** prom-client is loaded when the first page is asked for. Of two samples with the same labels the first is shown. */
export async function registryOf(families: Family[]): Promise<Registry> {
  const { default: client } = await import('prom-client')
  return client.AggregatorRegistry.aggregate([families])
}
