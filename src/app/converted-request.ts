/** The exact request that a vendor would get, with its secrets masked: for `convert`, and for the page. */
import { parseChatRequest } from '../api/chat-completions/request/parse.ts'
import type { Convert, ConvertQuestion } from '../api/console/convert.ts'
import type { ConvertedRequest } from '../api/console/page-answers.ts'
import { toChat as fromGenerateContent } from '../api/generate-content/request.ts'
import { toChat as fromMessages } from '../api/messages/request.ts'
import { readResponsesRequest } from '../api/responses/request.ts'
import { GatewayError } from '../chat/error.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { Provider, PublicModel } from '../config/config.ts'
import { createRedactor, SHORTEST } from '../observability/redact.ts'

/** What stands in for the key of a provider that has none here. */
export const PLACEHOLDER_KEY = 'no-key-set-here'

/** Throws a GatewayError for what the vendor cannot take. */
export async function convertedRequest(
  request: ChatRequest,
  provider: Provider,
  model: string,
): Promise<ConvertedRequest> {
  const key = provider.keys[0]
  const secret = key?.secret ?? PLACEHOLDER_KEY
  const { base_url, headers } = provider
  const { max_output, vision } = provider.models[model] ?? {}
  const target = { base_url, model, secret, headers, max_output, vision }
  const { request: unsigned, warnings } = provider.format.encode(request, target)
  const signed = provider.format.authorize
    ? await provider.format.authorize(unsigned, {
        secret,
        now: Date.now(),
        fetch: async () => ({
          status: 200,
          body: JSON.stringify({ access_token: 'exchanged-token', expires_in: 3600 }),
        }),
      })
    : unsigned
  const mask = maskOf(secret, key?.name ?? `${provider.name}#1`)
  const body = typeof signed.body === 'string' ? signed.body : Buffer.from(signed.body).toString('utf8')
  const shown = Object.entries(signed.headers).map(([name, value]) => [
    name,
    isOwnCredential(name, headers) || (CREDENTIAL.test(name) && holdsShort(value, secret)) ? HIDDEN : mask(value),
  ])
  return {
    provider: provider.name,
    model,
    method: signed.method,
    url: mask(signed.url),
    headers: Object.fromEntries(shown) as Record<string, string>,
    body: JSON.parse(mask(body)) as unknown,
    warnings: warnings.map(mask),
  }
}

/** For the page: by any client API, to the first route of a public model or to the one that is named. */
export function createConvert(
  { providers, models }: { providers: readonly Provider[]; models: readonly PublicModel[] },
  meant: (name: string) => string,
): Convert {
  return async (question) => {
    const { provider, model } = question.to ?? routeOf(meant(question.model), models)
    const found = providers.find(({ name }) => name === provider)
    if (!found)
      throw new GatewayError('unknown_model', `No route leads to ${provider.slice(0, 200)}/${model.slice(0, 200)}.`)
    return convertedRequest(chatOf(question), found, model)
  }
}

function routeOf(name: string, models: readonly PublicModel[]): { provider: string; model: string } {
  const pool = models.find(({ model }) => model === name)
  const [first] = pool?.routes.toSorted((a, b) => a.tier - b.tier) ?? []
  if (first) return first
  const slash = name.indexOf('/')
  return { provider: name.slice(0, Math.max(0, slash)), model: name.slice(slash + 1) }
}

function chatOf({ door, model, body }: ConvertQuestion): ChatRequest {
  switch (door) {
    case 'chat':
      return parseChatRequest({ ...body, model })
    case 'messages':
      return fromMessages({ ...body, model })
    case 'responses':
      return readResponsesRequest({ ...body, model }, [], false).chat
    case 'generate-content':
      return fromGenerateContent(body, model, true)
  }
}

type Secret = Provider['keys'][number]['secret']

const HIDDEN = '•••'
const CREDENTIAL = /auth|key|token|secret|cookie|pass|credential|session|signature/i

/** A header of the file's own whose name says that it lets somebody in; the key's is known by its value. */
function isOwnCredential(name: string, own: Readonly<Record<string, string>>): boolean {
  return CREDENTIAL.test(name) && Object.keys(own).some((each) => each.toLowerCase() === name.toLowerCase())
}

/** A key so short that it is not looked for in texts, where its header says what it is. */
function holdsShort(value: string, secret: Secret): boolean {
  const parts = typeof secret === 'string' ? [secret] : Object.values(secret)
  return parts.some((part) => part.length < SHORTEST && value.includes(part))
}

function maskOf(secret: Secret, name: string): (text: string) => string {
  const parts =
    typeof secret === 'string'
      ? [[secret, name]]
      : Object.entries(secret).map(([part, value]) => [value, `${name}.${part}`])
  return createRedactor(new Map(parts.filter(([value]) => value !== PLACEHOLDER_KEY) as [string, string][]))
}
