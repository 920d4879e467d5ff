/** docs/BENCHMARKS.md, as the bench writes it. */
import type { Result } from './measure.ts'
import type { StartUp } from './start-up.ts'
import type { StreamsResult } from './streams.ts'

export function page(
  machine: string,
  rounds: number,
  results: Result[],
  open: StreamsResult[],
  startUp?: StartUp,
): string {
  return `# Benchmarks

Written by \`npm run bench -- --write\`; do not edit. ${machine}; ${rounds} rounds, turn and turn about.

CPU is what the operating system charged to the whole process, in microseconds of one request or one chunk of a stream. The
ratios are to the barest relay that Node can run (node:http in, undici's \`dispatch\` out, bytes as they are), measured in the
same run: the median of the rounds' own ratios, and the ratio of each side's best round, which a busy machine disturbs least.
The gateway has all on: client keys, scheduler, metrics, one log line a request. "Paced": each chunk arrives alone; "max": reads
bring many at once.

| phase | who | CPU µs | × relay | best | a second |
|---|---|---|---|---|---|
${results.flatMap(phaseRows).join('\n')}

| who | resident with open streams | clients who left, aborted upstream |
|---|---|---|
${open.map((one) => `| ${one.name} | ${(one.rss / 1e6).toFixed(0)} MB with ${one.streams} | ${one.aborted} of ${one.streams} |`).join('\n')}
${startUp ? `\nFrom the start of the process to its first answer, every provider of the catalogue live: ${startUp.best.toFixed(0)} ms.\n` : ''}
What the parts cost, each alone: \`npm run bench:micro\`. Where time and memory go: \`npm run profile\`, \`-- --inclusive\`,
\`-- --allocations\`. On a busy machine: \`npm run bench:whole\`, everything in one process, the best of short batches.
`
}

function phaseRows({ phase, rows }: Result): string[] {
  return rows.map(({ name, cpu, cpuRatio, bestRatio, rate }, i) => {
    const title = i === 0 ? `${phase.name}, a ${phase.unit}` : ''
    const a = phase.paced ? 'paced' : String(Math.round(rate))
    return `| ${title} | ${name} | ${cpu.toFixed(1)} | ${cpuRatio.toFixed(2)} | ${bestRatio.toFixed(2)} | ${a} |`
  })
}
