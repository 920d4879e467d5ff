/** What a model is for, by its name: `auto`, and whoever takes a model unasked, takes one that chats. */
import { describe, expect, test } from 'vitest'
import { chatPools, firstChat, isChatModel, isEmbeddingModel } from '../../src/config/sections/model-purpose.ts'

const VECTORS = `text-embedding-3-small intfloat/multilingual-e5-large-instruct BAAI/bge-m3 thenlper/gte-large voyage-3.5
  nomic-embed-text all-minilm:latest sentence-transformers/all-mpnet-base-v2 jina-clip-v2 openai/clip-vit-base-patch32
  amazon.titan-embed-text-v2:0 @cf/qwen/qwen3-embedding-0.6b`

const OTHER = `whisper-large-v3 gpt-4o-mini-tts gpt-4o-transcribe gpt-4o-audio-preview gpt-audio gpt-realtime playai-tts hexgrad/Kokoro-82M
  gemini-2.5-flash-preview-tts gemini-2.5-flash-native-audio-preview gemini-2.0-flash-live-001 amazon.nova-2-sonic-v1:0
  dall-e-3 gpt-image-1 chatgpt-image-latest gemini-2.5-flash-image grok-2-image imagen-4.0-generate-001 black-forest-labs/FLUX.1-schnell
  stabilityai/stable-diffusion-3.5-large amazon.titan-image-generator-v2:0 amazon.nova-canvas-v1:0 qwen-image-edit cogview-4
  sora-2 veo-3.1-generate-preview wan2.2-t2v-plus tencent/HunyuanVideo-video rerank-v3.5 cohere.rerank-v3-5:0 BAAI/bge-reranker-v2-m3
  omni-moderation-latest mistral-moderation-latest meta-llama/llama-guard-4-12b nemoguard-8b mistral-ocr-latest
  davinci-002 text-davinci-003 gpt-3.5-turbo-instruct nvidia/nemotron-4-340b-reward lyria-3-clip-preview`

const CHAT = `gpt-5.5 gpt-4o-mini gpt-4-vision-preview chatgpt-4o-latest o3 claude-sonnet-5 gemini-2.5-flash gemini-omni-flash-preview gemma-3n-e4b-it
  voxtral-small-latest qwen3-omni-flash qwen3-vl-plus meta/llama-3.2-90b-vision-instruct command-a-vision-07-2025 openai/gpt-oss-120b:free
  amazon.nova-lite-v1:0 grok-4.3 deepseek-v4-flash swanx-7b lives-70b codestral-latest phi-4-multimodal-instruct
  mistral.voxtral-mini-3b-2507 default sandbox tgi`

const names = (list: string): string[] => list.split(/\s+/)

describe('a model', () => {
  test.each(names(VECTORS))('%s gives vectors', (name) => {
    expect([isEmbeddingModel(name), isChatModel(name)]).toEqual([true, false])
  })

  test.each(names(OTHER))('%s does something else', (name) => {
    expect([isEmbeddingModel(name), isChatModel(name)]).toEqual([false, false])
  })

  test.each(names(CHAT))('%s chats', (name) => {
    expect([isEmbeddingModel(name), isChatModel(name)]).toEqual([false, true])
  })

  test('that chats is taken where one has to be, or the first', () => {
    expect(firstChat(['text-embedding-3-small', 'whisper-1', 'gpt-5.5'])).toBe('gpt-5.5')
    expect(firstChat(['whisper-1'])).toBe('whisper-1')
    expect(firstChat([])).toBeUndefined()
  })

  test('that public models go to tells which of them chat', () => {
    const pool = (model: string, ...routes: string[]) => ({ model, routes: routes.map((route) => ({ model: route })) })
    const pools = [
      pool('vectors', 'bge-m3'),
      pool('spoken', 'tts-1'),
      pool('fast', 'gpt-5.5'),
      pool('seen', 'flux-pro', 'o3'),
    ]
    expect(chatPools(pools)).toEqual(['fast', 'seen'])
    expect(chatPools(pools.slice(0, 2))).toEqual(['vectors', 'spoken'])
  })
})
