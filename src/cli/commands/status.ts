/** `status`: the pool of a gateway that runs, live on a terminal, once for a pipe. */
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { SchedulerReport } from '../../scheduler/types.ts'
import { adminClient, ADMIN_OPTIONS } from '../admin-client.ts'
import { readOptions, refuseMore, UsageError } from '../command-line.ts'
import { statusLines } from '../status-lines.ts'

/** Milliseconds between two looks. */
const EVERY = 1000

const HOME = '\u001B[H'
const CLEAR_LINE = '\u001B[K'
const CLEAR_BELOW = '\u001B[J'
const OTHER_SCREEN = '\u001B[?1049h\u001B[?25l'
const OWN_SCREEN = '\u001B[?25h\u001B[?1049l'

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, { ...ADMIN_OPTIONS, once: { type: 'boolean' } })
  refuseMore(positionals, 0)
  const { origin, ask } = adminClient(values)

  async function report(): Promise<SchedulerReport> {
    const { status, body } = await ask<SchedulerReport>('/v1/scheduler')
    if (status !== 200) throw new UsageError(`${origin} does not tell: ${JSON.stringify(body)}`)
    return body
  }

  if (values.json === true) {
    console.log(JSON.stringify(await report()))
    return 0
  }
  const { stdout } = process
  if (values.once === true || !stdout.isTTY) {
    console.log(
      statusLines(await report(), { origin, wall: Date.now(), rows: Infinity, columns: stdout.columns ?? 120 }).join(
        '\n',
      ),
    )
    return 0
  }
  await report()
  const left = new AbortController()
  void once(process, 'SIGINT').then(() => left.abort())
  stdout.write(OTHER_SCREEN)
  try {
    while (!left.signal.aborted) {
      const size = { rows: stdout.rows - 1, columns: stdout.columns }
      const lines = await report().then(
        (now) => statusLines(now, { origin, wall: Date.now(), ...size }),
        (error: Error) => [error.message],
      )
      stdout.write(HOME + lines.map((line) => `${line}${CLEAR_LINE}\n`).join('') + CLEAR_BELOW)
      await pause(EVERY, undefined, left).catch(() => {})
    }
  } finally {
    stdout.write(OWN_SCREEN)
  }
  return 0
}
