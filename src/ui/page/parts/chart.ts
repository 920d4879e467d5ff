/** A chart of values over time, one line a name. */
import { html } from 'htm/preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { useValue } from '../state.ts'
import { amount, clock, day, language } from '../text.ts'
import { colour, isDark } from '../theme.ts'

export interface Series {
  name: string
  /** By place of the chart's times; null where nothing is known. */
  values: (number | null)[]
}

const HEIGHT = 190
const COLOURS = 8

/** @param times seconds since the epoch @param text of a value, for the legend and the axis */
export function Chart({
  title,
  help,
  times,
  series,
  text = amount,
}: {
  title: string
  help?: string
  times: number[]
  series: Series[]
  text?: (value: number) => string
}) {
  const place = useRef<HTMLDivElement>(null)
  const dark = useValue(isDark)
  const tongue = useValue(language)
  useEffect(() => {
    const element = place.current
    if (!element) return undefined
    const axis = {
      stroke: colour('muted'),
      grid: { stroke: colour('line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui',
    }
    const chart = new uPlot(
      {
        width: Math.max(120, element.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: { y: { range: (_chart, _least, most) => [0, Number.isFinite(most) && most > 0 ? most * 1.1 : 1] } },
        axes: [
          { ...axis, size: 28, values: (_chart, marks) => momentsOf(marks) },
          { ...axis, size: 52, values: (_chart, marks) => marks.map((mark) => text(mark)) },
        ],
        series: [
          {},
          ...series.map(({ name }, index) => ({
            label: name,
            stroke: colour(`s${(index % COLOURS) + 1}`),
            width: 2,
            spanGaps: false,
            points: { show: true, size: 5, filter: alone },
          })),
        ],
      },
      [times, ...series.map(({ values }) => values)],
      element,
    )
    const watch = new ResizeObserver(() => chart.setSize({ width: Math.max(120, element.clientWidth), height: HEIGHT }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      chart.destroy()
    }
  }, [times, series, dark, tongue])
  return html`<section class="card chart" aria-label=${title}>
    <h2>${title}</h2>
    <div
      ref=${place}
      role="img"
      aria-label=${`${title}: ${series.map(({ name, values }) => `${name} ${text(values.findLast((value) => value !== null) ?? 0)}`).join(', ')}`}
    ></div>
    <ul class="legend">
      ${series.map(({ name }, index) => html`<li key=${name}><i data-n=${index}></i>${name}</li>`)}
    </ul>
    ${help && html`<p class="note">${help}</p>`}
  </section>`
}

/** A value without neighbours makes no line: it is a point. */
function alone(chart: uPlot, series: number): number[] {
  const values = chart.data[series] ?? []
  const isThere = (index: number): boolean => typeof values[index] === 'number'
  return [...values.keys()].filter((index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1))
}

/** @param marks seconds since the epoch */
function momentsOf(marks: number[]): string[] {
  const isLong = (marks.at(-1) ?? 0) - (marks[0] ?? 0) > 2 * 86_400
  return marks.map((mark) => (isLong ? day(mark * 1000) : clock(mark * 1000).slice(0, 5)))
}
