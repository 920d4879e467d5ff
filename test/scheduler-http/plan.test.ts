import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run as runHere } from '../../src/cli/commands/plan.ts'
import { UsageError } from '../../src/cli/command-line.ts'
import { run } from './command-line.ts'

let folder: string
let config: string
let trace: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-'))
  config = join(folder, 'providers.yaml')
  trace = join(folder, 'trace.csv')
  writeFileSync(
    config,
    'providers:\n' +
      '  a: { format: openai, base_url: "http://127.0.0.1:1", keys: [k1, k2], limits: { rpm: 30 } }\n' +
      'models: { fast: [a/m] }\n',
  )
  // two a second for two minutes, where one a second is allowed
  const rows = Array.from({ length: 240 }, (_, i) => `${i / 2},100,20,client-${i % 3}`)
  writeFileSync(trace, ['t_s,input_tokens,output_tokens,client', ...rows].join('\n'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const plan = (...args: string[]) => run(['plan', '--config', config, '--trace', trace, ...args])

describe('balanced-call plan', () => {
  it('tells what would be served, the waits, the 429s and the use of each key', async () => {
    const { code, output } = await plan()
    expect(code).toBe(0)
    expect(output).toMatch(/^240 requests for fast in 119\.5 s/)
    expect(output).toMatch(/served {10}\d+\.\d\d %/)
    expect(output).toMatch(/upstream 429s {3}0\n/)
    expect(output).toMatch(/a#1 .*requests per minute .*100 %/)
    expect(output).not.toContain('k1')
  })

  it('says what would reach a target', async () => {
    const { output } = await plan('--target', '99%')
    expect(output).toMatch(
      /To serve 99 %, any one of these:\n- a: \d+ more keys? .*\n- all limits \d\.\d\d times as high/,
    )
  })

  it('tells the same twice, and as numbers', async () => {
    const [first, second] = await Promise.all([plan('--json'), plan('--json')])
    expect(first.output).toBe(second.output)
    expect(JSON.parse(first.output)).toMatchObject({ model: 'fast', requests: 240, refused: 0 })
  })

  it('supposes other providers, times and chances than those declared', async () => {
    const worse = ['--limits', '50%', '--bare', '--seconds', '--reserves', '2k', '--seed', '3', '--speed', '0.5']
    const { code, output } = await plan(...worse, '--start', '2026-11-24')
    expect(code).toBe(0)
    expect(output).toContain(
      'supposing that providers enforce 50 % of the limits, tell no numbers, admit requests a second at a time, reserve 2000 tokens',
    )
    expect(output).toMatch(/^240 requests for fast in 4\.0 min/)
  })

  it('plans for a model of a provider as well', async () => {
    expect((await plan('--model', 'a/other')).output).toMatch(/^240 requests for a\/other/)
  })

  it('has a help text', async () => {
    const [{ code, output }, all] = await Promise.all([run(['plan', '--help']), run(['help'])])
    expect(code).toBe(0)
    for (const word of ['--trace', '--config', '--model', '--target', 't_s', 'input_tokens'])
      expect(output).toContain(word)
    expect(all.output).toMatch(/plan .*trace/)
  })

  it.each([
    [[], /needs --trace/],
    [['--trace', 'none.csv', '--config', 'CONFIG'], /^none\.csv: ENOENT/],
    [['--trace', 'CONFIG', '--config', 'CONFIG'], /line 1: /],
    [['--trace', 'TRACE', '--config', 'CONFIG', '--model', 'slow'], /No model slow .* fast/],
    [['--trace', 'TRACE', '--config', 'CONFIG', '--target', '101'], /"101" is not a share/],
    [['--trace', 'TRACE', '--config', 'CONFIG', '--limits', '0'], /"0" is not a share of the limits/],
    [['--trace', 'TRACE', '--config', 'CONFIG', '--start', 'noon'], /"noon" is not a time/],
    [['--trace', 'TRACE', '--config', 'CONFIG', '--speed', 'x'], /"x" is not a number above 0/],
    [['--trace', 'TRACE', '--config', 'CONFIG', '--reserves', 'all'], /"all" is not a number of tokens/],
  ])('says in one line what is wrong: %j', async (args, message) => {
    const fault = await mistake(args.map((each) => each.replace('CONFIG', config).replace('TRACE', trace)))
    expect(fault.message).toMatch(message)
    expect(fault.message).not.toContain('\n')
  })
})

async function mistake(args: string[]): Promise<UsageError> {
  try {
    await runHere(args)
  } catch (error) {
    if (error instanceof UsageError) return error
  }
  throw new Error('it should have told a mistake')
}
