/** A request through the catalogue goes to the address that the vendor documents, with a key where it has one. */
import { describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { withPlaceholderKeys } from '../../src/cli/placeholder-env.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Encoded } from '../../src/upstream/types.ts'
import { CATALOGUE } from '../format-tools/page.ts'

const VARIABLES = {
  AWS_REGION: 'eu-west-1',
  AZURE_OPENAI_RESOURCE: 'mine',
  CLOUDFLARE_ACCOUNT_ID: 'abc',
  DATABRICKS_HOST: 'dbc-1.cloud.databricks.com',
  GOOGLE_VERTEX_HOST: 'us-central1-aiplatform.googleapis.com',
  GOOGLE_VERTEX_LOCATION: 'us-central1',
  GOOGLE_VERTEX_PROJECT: 'p1',
  OLLAMA_BASE_URL: 'http://127.0.0.1:11434',
  SNOWFLAKE_ACCOUNT: 'acc',
  TGI_BASE_URL: 'http://127.0.0.1:8080',
  VLLM_BASE_URL: 'http://127.0.0.1:8000/v1',
  WATSONX_REGION: 'us-south',
}
const { providers } = loadConfig(CATALOGUE, withPlaceholderKeys(VARIABLES))

function ask(name: string, stream = false): Encoded {
  const provider = providers.find((each) => each.name === name)
  if (!provider) throw new Error(`no provider ${name}`)
  const model = Object.keys(provider.models)[0] ?? 'some-model'
  const request = parseChatRequest({ model, messages: [{ role: 'user', content: 'Hi' }], stream })
  const { base_url, headers, keys } = provider
  return provider.format.encode(request, { base_url, model, secret: keys[0]?.secret ?? '', headers })
}

const VERTEX = 'https://us-central1-aiplatform.googleapis.com/v1/projects/p1/locations/us-central1/publishers'

describe('the documented address', () => {
  test.each([
    ['openai', 'https://api.openai.com/v1/chat/completions'],
    ['anthropic', 'https://api.anthropic.com/v1/messages'],
    ['gemini', 'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.5-flash:generateContent'],
    ['groq', 'https://api.groq.com/openai/v1/chat/completions'],
    ['mistral', 'https://api.mistral.ai/v1/chat/completions'],
    ['cohere', 'https://api.cohere.com/v2/chat'],
    ['deepseek', 'https://api.deepseek.com/chat/completions'],
    ['openrouter', 'https://openrouter.ai/api/v1/chat/completions'],
    ['together', 'https://api.together.xyz/v1/chat/completions'],
    ['fireworks', 'https://api.fireworks.ai/inference/v1/chat/completions'],
    ['xai', 'https://api.x.ai/v1/chat/completions'],
    ['cerebras', 'https://api.cerebras.ai/v1/chat/completions'],
    ['perplexity', 'https://api.perplexity.ai/chat/completions'],
    ['nvidia', 'https://integrate.api.nvidia.com/v1/chat/completions'],
    ['huggingface', 'https://router.huggingface.co/v1/chat/completions'],
    ['sambanova', 'https://api.sambanova.ai/v1/chat/completions'],
    ['zhipu', 'https://open.bigmodel.cn/api/paas/v4/chat/completions'],
    ['zai', 'https://api.z.ai/api/paas/v4/chat/completions'],
    ['qianfan', 'https://qianfan.baidubce.com/v2/chat/completions'],
    ['ernie', 'https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/ernie_speed'],
    ['dashscope-cn', 'https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions'],
    ['hunyuan', 'https://hunyuan.tencentcloudapi.com/'],
    ['spark', 'https://spark-api-open.xf-yun.com/v1/chat/completions'],
    ['moonshot', 'https://api.moonshot.ai/v1/chat/completions'],
    ['ark', 'https://ark.cn-beijing.volces.com/api/v3/chat/completions'],
    ['baichuan', 'https://api.baichuan-ai.com/v1/chat/completions'],
    ['ai21', 'https://api.ai21.com/studio/v1/chat/completions'],
    ['azure', 'https://mine.openai.azure.com/openai/v1/chat/completions'],
    ['databricks', 'https://dbc-1.cloud.databricks.com/serving-endpoints/chat/completions'],
    ['snowflake', 'https://acc.snowflakecomputing.com/api/v2/cortex/v1/chat/completions'],
    ['cloudflare', 'https://api.cloudflare.com/client/v4/accounts/abc/ai/run/@cf/meta/llama-3.3-70b-instruct-fp8-fast'],
    ['replicate', 'https://api.replicate.com/v1/models/meta/meta-llama-3-70b-instruct/predictions'],
    ['ollama', 'http://127.0.0.1:11434/api/chat'],
    ['ollama-cloud', 'https://ollama.com/api/chat'],
    ['vllm', 'http://127.0.0.1:8000/v1/chat/completions'],
    ['tgi', 'http://127.0.0.1:8080/generate'],
  ])('%s', (name, url) => {
    expect(ask(name).request.url).toBe(url)
  })

  test.each([
    [
      'bedrock',
      /^https:\/\/bedrock-runtime\.eu-west-1\.amazonaws\.com\/model\/us\.anthropic\.[^/]+%3A0\/converse-stream$/,
    ],
    ['vertex', new RegExp(`^${VERTEX}/google/models/gemini-2.5-flash:streamGenerateContent\\?alt=sse$`)],
    ['vertex-anthropic', new RegExp(`^${VERTEX}/anthropic/models/claude-[^/]+:streamRawPredict$`)],
    ['watsonx', /^https:\/\/us-south\.ml\.cloud\.ibm\.com\/ml\/v1\/text\/chat_stream\?version=/],
    ['gemini', /:streamGenerateContent\?alt=sse$/],
  ])('of a stream of %s', (name, url) => {
    expect(ask(name, true).request.url).toMatch(url)
  })
})

test('every provider that has a key sends it, or signs with it', () => {
  const silent = providers
    .filter(({ format, keys }) => !format.authorize && keys[0]?.secret !== '')
    .filter(({ name, keys }) => {
      const { url, headers } = ask(name).request
      return !JSON.stringify([url, headers]).includes(String(keys[0]?.secret))
    })
  expect(silent.map(({ name }) => name)).toEqual([])
})

test('every provider takes a plain question without a warning', () => {
  for (const { name } of providers) expect([name, ask(name).warnings]).toEqual([name, []])
})
