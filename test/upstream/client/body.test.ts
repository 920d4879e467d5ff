import { describe, expect, it } from 'vitest'
import type { Take } from '../../../src/runtime/push-source.ts'
import { createClientBody, type Tap } from '../../../src/upstream/http/body.ts'

function opened(): { body: ReturnType<typeof createClientBody>; calls: string[] } {
  const calls: string[] = []
  const tap: Tap = {
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    waiting: () => {},
    reading: () => {},
    abandoned: () => calls.push('abandoned'),
  }
  return { body: createClientBody(tap), calls }
}

const pipe = (body: ReturnType<typeof createClientBody>, take: Take<Uint8Array>): Promise<void> =>
  new Promise((resolve, reject) => body.pushTo({ take, end: resolve, fail: reject }))
const bytes = (text: string): Buffer => Buffer.from(text)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a body', () => {
  it('is poured from where its iteration stopped, each network read as one', async () => {
    const { body } = opened()
    const iterator = body[Symbol.asyncIterator]()
    body.push(bytes('a'))
    expect((await iterator.next()).value).toEqual(bytes('a'))
    const got: string[] = []
    const over = pipe(body, (read) => void got.push(String(read)))
    body.push(bytes('b'))
    body.push(bytes('c'))
    await turn()
    body.push(bytes('d'))
    body.end()
    await over
    expect(got).toEqual(['bc', 'd'])
  })

  it('waits for a reader who holds it back, and slows its upstream down', async () => {
    const { body, calls } = opened()
    const got: number[] = []
    let goOn = (): void => {}
    const over = pipe(body, (read) => {
      got.push(read.length)
      return got.length > 1 ? undefined : new Promise((resolve) => (goOn = resolve))
    })
    body.push(bytes('a'))
    await turn()
    body.push(Buffer.alloc(300 * 1024))
    await turn()
    expect([got, calls]).toEqual([[1], ['pause']])
    goOn()
    await turn()
    expect([got, calls]).toEqual([
      [1, 300 * 1024],
      ['pause', 'resume'],
    ])
    body.end()
    await over
  })

  it('gives what came before a fault, then the fault', async () => {
    const { body } = opened()
    const got: string[] = []
    const over = pipe(body, (read) => void got.push(String(read)))
    body.push(bytes('a'))
    body.fail(new Error('cut'), false)
    await expect(over).rejects.toThrow('cut')
    expect(got).toEqual(['a'])
  })

  it('is closed when its reader fails', async () => {
    const { body, calls } = opened()
    const over = pipe(body, () => {
      throw new Error('the reader cannot')
    })
    body.push(bytes('a'))
    await expect(over).rejects.toThrow('the reader cannot')
    expect(calls).toEqual(['abandoned'])
  })
})
