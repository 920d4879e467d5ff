/** A stop before all workers serve, and a folder that is in use: real processes. */
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { run, start } from '../scheduler-http/command-line.ts'
import { isAlive, serve, setStage, SOON, stage, status, ask, workers, write } from './stage.ts'

setStage()

const born = (count: number) => (): boolean => {
  try {
    return workers().length >= count
  } catch {
    // pgrep finds none
    return false
  }
}

/** What has just happened when the signal comes. */
const moments: Record<string, () => boolean> = {
  'it was started': () => stage.child?.pid !== undefined,
  'it has its first worker': born(1),
  'it has two workers': born(2),
  'it has said something': () => stage.said !== '',
}

it.each(Object.keys(moments))('ends cleanly when it is told to stop as soon as %s', async (moment) => {
  write({})
  stage.said = ''
  const child = start(['serve', '--config', stage.file, '--port', '0', '--workers', '2'])
  stage.child = child
  child.stdout.on('data', (piece) => (stage.said += String(piece)))
  let wrong = ''
  child.stderr.on('data', (piece) => (wrong += String(piece)))
  const exit = once(child, 'exit')
  await expect.poll(moments[moment] ?? (() => false), { interval: 1, timeout: 30_000 }).toBe(true)
  const children = born(1)() ? workers() : []
  child.kill('SIGTERM')
  const [code, signal] = (await exit) as [number | null, string | null]
  // before it listens for signals, the system ends it
  expect([0, 'SIGTERM']).toContain(code ?? signal)
  expect(wrong).toBe('')
  await expect.poll(() => children.filter(isAlive), SOON).toEqual([])
})

it('refuses a data folder in which another process counts, which goes on', async () => {
  write({})
  const data = `${stage.folder}/data`
  const url = await serve(2, '--data', data)
  const second = await run(['serve', '--config', stage.file, '--port', '0', '--data', data])
  expect([second.code, second.errors]).toEqual([1, expect.stringContaining('another process keeps its counts there')])
  expect(second.errors).toContain('--data')
  expect(await status(ask(url))).toBe(200)
})
