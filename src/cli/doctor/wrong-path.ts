/** Is the chat's path where base_url says? A body that asks for nothing tells it without a key: where the path is, it is refused. */
import { isSandbox } from '../../app/sandbox-fallback.ts'
import { parseChatRequest } from '../../api/chat-completions/request/parse.ts'
import { readSource } from '../../config/document/read-source.ts'
import type { Config, Provider } from '../../config/config.ts'
import { isMap } from '../../definition/scope.ts'
import { SHIPPED_FILE } from '../command-line.ts'
import { warning, type Finding } from './finding.ts'

/** Milliseconds. */
const PATIENCE = 8000
const NO_PATH = new Set([404, 405])
/** Whoever asks for nothing, with no key, hears one of these where a chat could be asked for. */
const REFUSALS = new Set([400, 401, 402, 403, 415, 422, 429])

/** One finding for each provider whose chats are not there. */
export async function wrongPaths({ providers }: Pick<Config, 'providers'>, ask: typeof fetch): Promise<Finding[]> {
  const found = await Promise.all(providers.map((provider) => lookAt(provider, ask)))
  return found.flatMap((each) => each ?? [])
}

async function lookAt(provider: Provider, ask: typeof fetch): Promise<Finding | undefined> {
  const url = isSandbox(provider) ? undefined : chatUrl(provider, provider.base_url)
  if (url === undefined || !NO_PATH.has((await statusOf(url, ask)) ?? 0)) return undefined
  const found = `there is nothing at ${url}`
  for (const base of likely(provider.base_url)) {
    const other = chatUrl(provider, base)
    if (other !== undefined && REFUSALS.has((await statusOf(other, ask)) ?? 0))
      return warning(provider.name, found, `Set base_url: ${base}`)
  }
  return warning(provider.name, found, 'Look at base_url: as the vendor shows it, with /v1 where it has one.')
}

/** Undefined where the format cannot ask without its key's parts. */
function chatUrl({ format, models, headers }: Provider, base_url: string): string | undefined {
  const model = Object.keys(models)[0] ?? 'none'
  const request = parseChatRequest({ model, messages: [{ role: 'user', content: 'Hi' }] })
  try {
    return format.encode(request, { base_url, model, secret: '', headers }).request.url
  } catch {
    return undefined
  }
}

async function statusOf(url: string, ask: typeof fetch): Promise<number | undefined> {
  try {
    const response = await ask(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE),
    })
    await response.body?.cancel()
    return response.status
  } catch {
    return undefined
  }
}

/** Where else it may be: as we know that vendor, below /v1, or not below one. */
function likely(base: string): string[] {
  const { origin } = new URL(base)
  const known = shippedBases().filter((each) => URL.canParse(each) && new URL(each).origin === origin)
  const all = [...known, `${base}/v1`, base.replace(/\/v\d\w*$/, ''), `${origin}/v1`, origin]
  return [...new Set(all)].filter((each) => each !== base)
}

function shippedBases(): string[] {
  const { value } = readSource(SHIPPED_FILE)
  const providers = isMap(value) && isMap(value['providers']) ? Object.values(value['providers']) : []
  return providers.flatMap((each) => (isMap(each) && typeof each['base_url'] === 'string' ? [each['base_url']] : []))
}
