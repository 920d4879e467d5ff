/** docs/BENCHMARKS.md, as the bench writes it. */
import { GOALS, verdictOf } from './goals.ts'
import type { Goal } from './goals.ts'
import type { Result } from './measure.ts'
import type { Run } from './run.ts'

export function page(run: Run): string {
  const { machine, rounds, pinned, results, keyPools, observation, open, idle = [], past, startUp, notes } = run
  const timed = results.filter(({ offered }) => offered === undefined)
  const offered = [...results.filter((one) => one.offered !== undefined), ...[keyPools ?? [], observation ?? []].flat()]
  return `# Benchmarks

Written by \`npm run bench -- --others --write\`; do not edit. ${machine}; ${rounds} rounds, turn and turn about; of
others than the bare relay and the gateway three.

Ratios are the gateway's CPU to that of the barest relay that Node can run (node:http in, undici's \`dispatch\` out, bytes as they
are), in the same run.

| phase | must | aim | measured | |
|---|---|---|---|---|
${GOALS.map((goal) => goalRow(goal, goal.measured(run))).join('\n')}

## How it is measured

CPU is what the operating system charged to the whole process, in microseconds of one request or one chunk of a stream. A ratio
is the median of the rounds' own ratios; "best" is that of each side's best round, which a busy machine disturbs least. The gateway has
all on: client keys, scheduler, metrics, one log line a request. ${
    pinned
      ? 'The measured process is pinned to one core, the\nupstream and the clients to another.'
      : 'Nothing is pinned to a core: there is one only, or no\n`taskset`.'
  }

Whole requests are offered to everybody at the same rate, by the clock, over 64 kept connections. A round in which more than 1 % of
what fell due could not be sent is not counted. Whoever cannot carry the rate is measured at a lower one, the relay and the gateway beside it. At
its own limit each wakes up for as many sockets as it is fast, so that costs there are no comparison: they stand in a column of their own.

Each phase has a new process of the relay and of the gateway: one that held 1,000 streams before, for example, costs a sixth more for each
request after that, the relay a tenth.

| phase | who | CPU µs | × relay | best | at its limit: CPU µs | requests a second |
|---|---|---|---|---|---|---|
${offered.flatMap(offeredRows).join('\n')}

Streams. "Paced": each chunk arrives alone; "max": reads bring many at once. "Closed loop": each of 64 connections asks again when
it is answered, so that who is faster does more at a time.

| phase | who | CPU µs | × relay | best | requests or chunks a second |
|---|---|---|---|---|---|
${timed.flatMap(timedRows).join('\n')}

| who | resident with open streams | clients who left, aborted upstream | each further waiting stream, resident | in heap and buffers |
|---|---|---|---|---|
${open
  .map(({ name, rss, streams, aborted }) => {
    const weighed = idle.find((one) => one.name === name)
    const [resident = '', counted = ''] = weighed ? [kilobytes(weighed.resident), kilobytes(weighed.counted)] : []
    return `| ${name} | ${megabytes(rss)} with ${streams} | ${aborted} of ${streams} | ${resident} | ${counted} |`
  })
  .join('\n')}
${past ? `\nAfter a full collection the gateway's heap and buffers held ${megabytes(past.before)} before ${past.requests} requests and ${megabytes(past.after)} after them.\n` : ''}${
    startUp
      ? `\nFrom the start of the process to its first answer, every provider of the catalogue live: ${startUp.best.toFixed(0)} ms.\n`
      : ''
  }${notes.map((note) => `\n${note}\n`).join('')}
What the parts cost, each alone: \`npm run bench:micro\`. Where time and memory go: \`npm run profile\`, \`-- --inclusive\`,
\`-- --allocations\`. On a busy machine: \`npm run bench:whole\`, everything in one process, the best of short batches.
`
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

function goalRow(goal: Goal, measured: number | undefined): string {
  const { phase, must, aim, unit, least } = goal
  const limit = (value?: number): string => (value === undefined ? '' : `${least ? '≥' : '≤'} ${value}${unit}`)
  const shown = measured === undefined ? '' : `${measured.toFixed(unit === '×' ? 2 : 0)}${unit}`
  return `| ${phase} | ${limit(must)} | ${limit(aim)} | ${shown} | ${verdictOf(goal, measured)} |`
}

function offeredRows({ phase, offered, rows }: Result): string[] {
  return rows.map(({ name, cpu, cpuRatio, bestRatio, saturated }, i) => {
    const title = i === 0 ? `${phase.name}, ${offered} requests a second` : ''
    const limit = saturated ? `${saturated.cpu.toFixed(1)} | ${Math.round(saturated.rate)}` : ' | '
    return `| ${title} | ${name} | ${cpu.toFixed(1)} | ${cpuRatio.toFixed(2)} | ${bestRatio.toFixed(2)} | ${limit} |`
  })
}

function timedRows({ phase, rows }: Result): string[] {
  return rows.map(({ name, cpu, cpuRatio, bestRatio, rate }, i) => {
    const title = i === 0 ? `${phase.name}, a ${phase.unit}` : ''
    const a = phase.paced ? 'paced' : String(Math.round(rate))
    return `| ${title} | ${name} | ${cpu.toFixed(1)} | ${cpuRatio.toFixed(2)} | ${bestRatio.toFixed(2)} | ${a} |`
  })
}
