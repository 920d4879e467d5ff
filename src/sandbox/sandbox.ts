/** The sandbox's server: OpenAI's wire on a loopback port of its own, so that a machine with no key answers at once. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { embeddingsAnswer } from './beside-chat/embeddings.ts'
import { fieldsOf, MEDIA, type MadeMedia } from './beside-chat/media.ts'
import { RELAYED } from './beside-chat/relayed.ts'
import { answer } from './answer/answer.ts'
import type { Answer } from './answer/answer.ts'
import { behaviourFor } from './behaviour.ts'
import { readBody, readBytes } from './body.ts'
import type { Behaviour, Call, Sandbox, SandboxOptions } from './types.ts'
import { BadRequest, errorObject, refusal } from './error.ts'
import { enforcer } from './limits/enforcer.ts'
import { behaviourOf, modelObject, MODELS } from './models.ts'
import { promptCache } from './answer/prompt-cache.ts'
import { promptTokens } from './answer/prompt-tokens.ts'
import { readRequest } from './request.ts'
import type { SandboxRequest } from './request.ts'
import { sendBroken, sendStream, sendWhole } from './send-answer.ts'
import { count, emptyStats } from './stats.ts'

export type { Sandbox, SandboxOptions }

/** About the pace of a quick model: five words before a person notices a wait, then thirty a second. */
const HUMAN: Required<Pick<Behaviour, 'first_byte' | 'pace'>> = { first_byte: 150, pace: 30 }

/** Resolves when it listens. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const now = options.now ?? Date.now
  const wait = options.wait ?? ((milliseconds, signal) => sleep(milliseconds, undefined, { signal }))
  const usual = { first_byte: options.first_byte ?? HUMAN.first_byte, pace: options.pace ?? HUMAN.pace }
  const limits = options.enforce && enforcer(options.enforce, now)
  const cache = options.prompt_cache ? promptCache(now) : undefined
  const stats = emptyStats()
  let number = 0

  // an import of it would load a whole client besides, for the WebSocket among its exports
  const server = process.getBuiltinModule('node:http').createServer((request, response) => {
    // The only error that is left to come here is a caller who has gone: there is nobody to tell.
    handle(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0]?.replace(/^\/v1(?=\/)/, '') ?? '/'
    if (request.method === 'GET' && (path === '/models' || path.startsWith('/models/')))
      return sendModels(response, path)
    const made = path === '/embeddings' ? embeddingsAnswer : RELAYED[path]
    if (request.method === 'POST' && made) return sendMade(response, async () => made(await readBody(request)))
    const media = MEDIA[path]
    if (request.method === 'POST' && media)
      return sendMade(response, async () =>
        media(await fieldsOf(await readBytes(request), request.headers['content-type'] ?? '')),
      )
    if (request.method !== 'POST' || path !== '/chat/completions') {
      return send(response, 404, errorObject(404, `Unknown request URL: ${request.method} ${request.url}.`, null))
    }
    try {
      const body = await readBody(request)
      const read = readRequest(body)
      const key = keyOf(request)
      const call: Call = {
        number: ++number,
        key,
        model: read.model,
        stream: read.stream,
        headers: request.headers,
        body,
      }
      await answerCall(call, read, response)
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error
      send(response, 400, errorObject(400, error.message, null, error.param || null))
    }
  }

  const answerCall = async (call: Call, request: SandboxRequest, response: ServerResponse): Promise<void> => {
    const tally = count(stats, call.key)
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const behaviour = { ...usual, ...behaviourFor(call), ...options.behave?.(call) }
    const refused = refuse(call, behaviour)
    const input = promptTokens(request)
    const admission = refused ? { refusal: refused } : limits?.admit(call, input, request.maxTokens)
    const settle = admission && 'settle' in admission ? admission.settle : undefined
    let said: Answer | undefined
    let broke = false
    try {
      if (admission && 'refusal' in admission) {
        if (!refused) tally.refused()
        return send(response, admission.refusal.status, admission.refusal.body, admission.refusal.headers)
      }
      const pause = (milliseconds: number): Promise<unknown> => wait(milliseconds, gone.signal)
      const headers = { 'x-request-id': `req_${call.number}`, ...admission?.headers }
      const speaker = { response, headers, behaviour, wait: pause }
      if (behaviour.first_byte > 0) await pause(behaviour.first_byte)
      const broken = await sendBroken(speaker)
      if (broken === null) {
        said = answer(request, behaviour, now(), cache?.read(call.key, request))
        broke = !(await (request.stream ? sendStream : sendWhole)(speaker, said, request))
      } else broke = !broken
      if (!broke) stats.completed++
    } catch (error) {
      if (!gone.signal.aborted) throw error
    } finally {
      // A caller who left before the end of an answer that nothing had broken.
      if (gone.signal.aborted && !broke && !response.writableFinished) stats.aborted++
      const used = { input, cached: said?.usage.cached ?? 0, output: said?.usage.completion ?? 0 }
      settle?.(used)
      if (said) tally.used(used.input + used.output)
      tally.left()
    }
  }

  const refuse = (call: Call, { status, retry_after, code }: Behaviour) => {
    if (options.keys && !options.keys.includes(call.key)) return refusal(401)
    if (status !== undefined) return refusal(status, retry_after, code)
    if (behaviourOf(call.model) !== null) return null
    const message = `The model ${JSON.stringify(call.model)} does not exist: the sandbox serves ${MODELS.join(', ')}.`
    return { status: 404, body: errorObject(404, message) }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stats,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function keyOf({ headers }: IncomingMessage): string {
  const key = headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer\s+/i, '') ?? ''
  return Array.isArray(key) ? (key[0] ?? '') : key
}

async function sendMade(
  response: ServerResponse,
  make: () => Promise<MadeMedia | Record<string, unknown>>,
): Promise<void> {
  try {
    const made = await make()
    if (isMedia(made)) response.writeHead(200, { 'content-type': made.type }).end(made.body)
    else send(response, 200, made)
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    send(response, 400, errorObject(400, error.message, null, error.param || null))
  }
}

function isMedia(made: MadeMedia | Record<string, unknown>): made is MadeMedia {
  return 'type' in made && 'body' in made
}

function sendModels(response: ServerResponse, path: string): void {
  if (path === '/models') return send(response, 200, { object: 'list', data: MODELS.map(modelObject) })
  const id = decoded(path.slice('/models/'.length))
  if (id === null || behaviourOf(id) === null)
    return send(response, 404, errorObject(404, `The model ${JSON.stringify(id)} does not exist.`))
  send(response, 200, modelObject(id))
}

/** Null for what no URL can say. */
function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body))
}
