/** The sandbox runs in the gateway's own process: whatever a client's body holds, it answers or says what is wrong. */
import { expect, test } from 'vitest'
import { checkChatRequest } from '../../src/api/chat-completions/request/schema/schema.ts'
import { answer } from '../../src/sandbox/answer/answer.ts'
import { behaviourFor } from '../../src/sandbox/behaviour.ts'
import { BadRequest } from '../../src/sandbox/error.ts'
import { promptCache } from '../../src/sandbox/answer/prompt-cache.ts'
import { promptTokens } from '../../src/sandbox/answer/prompt-tokens.ts'
import { readRequest } from '../../src/sandbox/request.ts'
import { isLong, PATIENCE } from './effort.ts'
import { HOSTILE_BODIES } from './hostile-bodies.ts'
import { frozen, HOSTILE, mustBe, mustRead, NO_TEXT, places, planted, shown, told } from './hostile-values.ts'

const cache = promptCache(() => 0)

function answered(body: Record<string, unknown>): void {
  try {
    const request = readRequest(body)
    const call = { number: 1, key: 'k', model: request.model, stream: false, headers: {}, body }
    mustBe(promptTokens(request) > 0, 'a number of tokens')
    const said = answer(request, behaviourFor(call), 0, cache.read('k', request))
    mustRead(JSON.stringify(said))
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    mustRead(error.message)
  }
}

const FEW = 5
let turn = 0
const valuesFor = (): readonly unknown[] =>
  isLong ? HOSTILE : [NO_TEXT, ...Array.from({ length: FEW }, () => HOSTILE[turn++ % HOSTILE.length])]

const WISHES = frozen({ fault: 'cut', think: 'true', say: 'x', words: 3, status: 200, key: 'k', code: 'x' })

test.each(HOSTILE_BODIES)('%s', { timeout: PATIENCE }, (_, own) => {
  const body = frozen({ ...own, sandbox: WISHES })
  answered(body)
  const faults: string[] = []
  for (const path of places(body)) {
    for (const value of valuesFor()) {
      const hurt = planted(body, path, value) as Record<string, unknown>
      if (checkChatRequest(hurt)) continue
      try {
        answered(hurt)
      } catch (error) {
        faults.push(`${shown(path, value)}: ${told(error)}`)
      }
    }
  }
  expect(faults).toEqual([])
})
