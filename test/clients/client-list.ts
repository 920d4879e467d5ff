/** The clients that are run, each with its pinned version and how it is brought here. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Client {
  name: string
  version: string
  /** The program that must be on the machine. */
  needs: string
  /** Installs it into the folder; what then starts its program. */
  prepare(folder: string): { file: string; args: string[]; env?: NodeJS.ProcessEnv }
  /** Cases that fail by the client's own doing, whatever a server says, each with why. */
  own?: Record<string, string>
}

const PROGRAMS = join(import.meta.dirname, 'programs')

export const python = (
  name: string,
  version: string,
  options: { packages?: string[]; own?: Client['own'] } = {},
): Client => ({
  name,
  version,
  needs: 'python3',
  ...(options.own && { own: options.own }),
  prepare(folder) {
    const packages = options.packages ?? [`${name}==${version}`]
    if (!existsSync(folder)) {
      execFileSync('python3', ['-m', 'venv', folder])
      execFileSync(join(folder, 'bin/pip'), ['install', '--quiet', ...packages], { stdio: 'inherit' })
    }
    return { file: join(folder, 'bin/python'), args: [join(PROGRAMS, `${name}.py`)] }
  },
})

/** A program of its own package beside `say.go`, built into the folder. */
const go = (name: string, version: string, module: string, own?: Client['own']): Client => ({
  name,
  version,
  needs: 'go',
  ...(own && { own }),
  prepare(folder) {
    const command = (...args: string[]) =>
      execFileSync('go', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    const isNew = !existsSync(folder)
    mkdirSync(folder, { recursive: true })
    copyFileSync(join(PROGRAMS, 'go/say.go'), join(folder, 'say.go'))
    copyFileSync(join(PROGRAMS, `go/${name}.go`), join(folder, 'main.go'))
    if (isNew) command('mod', 'init', 'client')
    if (isNew) command('get', `${module}@v${version}`)
    command('build', '-o', 'client', '.')
    return { file: join(folder, 'client'), args: [] }
  },
})

/** A program beside `Say.java`, compiled against the jars that Maven copies into the folder. */
const java = (name: string, version: string, modules: string[], own?: Client['own']): Client => ({
  name,
  version,
  needs: 'mvn',
  ...(own && { own }),
  prepare(folder) {
    const command = (file: string, ...args: string[]) =>
      execFileSync(file, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    const library = join(folder, 'lib')
    if (!existsSync(library)) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'pom.xml'), pom(modules, version))
      command('mvn', '--quiet', '--batch-mode', 'dependency:copy-dependencies', `-DoutputDirectory=${library}`)
    }
    const programs = ['Say', name].map((program) => join(PROGRAMS, `java/${program}.java`))
    command('javac', '-parameters', '-classpath', join(library, '*'), '-d', 'classes', ...programs)
    const classpath = [join(folder, 'classes'), join(library, '*')].join(delimiter)
    return { file: 'java', args: ['-classpath', classpath, 'Client'] }
  },
})

/** Modules are `group:artifact`, of the client's version, or `group:artifact:version`. */
function pom(modules: string[], version: string): string {
  const named = (group = '', artifact = '', its = version) =>
    `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${its}</version>`
  const dependencies = modules.map((module) => `<dependency>${named(...module.split(':'))}</dependency>`)
  return (
    `<project><modelVersion>4.0.0</modelVersion>${named('client', 'client', '1')}` +
    `<dependencies>${dependencies.join('')}</dependencies></project>\n`
  )
}

/** A program of one file, with what an asynchronous Rust program needs beside the crate. */
const rust = (name: string, version: string, features: string[], own?: Client['own']): Client => ({
  name,
  version,
  needs: 'cargo',
  ...(own && { own }),
  prepare(folder) {
    const source = join(folder, 'src')
    mkdirSync(source, { recursive: true })
    const dependencies = [
      `${name} = { version = "=${version}", features = ${JSON.stringify(features)} }`,
      'futures = "0.3"',
      'serde_json = "1"',
      'tokio = { version = "1", features = ["macros", "rt"] }',
    ]
    const about = '[package]\nname = "client"\nversion = "0.0.0"\nedition = "2021"'
    writeFileSync(join(folder, 'Cargo.toml'), `${about}\n[dependencies]\n${dependencies.join('\n')}\n`)
    copyFileSync(join(PROGRAMS, `rust/${name}.rs`), join(source, 'main.rs'))
    execFileSync('cargo', ['build', '--quiet'], { cwd: folder, stdio: 'inherit' })
    return { file: join(folder, 'target/debug/client'), args: [] }
  },
})

export const CLIENTS: Client[] = [
  python('openai-python', '3.57.0', { packages: ['openai==3.57.0'] }),
  python('langchain-openai', '1.7.4'),
  python('pydantic-ai', '2.68.0', { packages: ['pydantic-ai-slim[openai]==2.68.0'] }),
  python('llama-index', '0.8.1', { packages: ['llama-index-llms-openai-like==0.8.1'] }),
  go('openai-go-v1', '1.12.0', 'github.com/openai/openai-go'),
  go('openai-go-v3', '3.99.0', 'github.com/openai/openai-go/v3'),
  go('go-openai', '1.43.0', 'github.com/sashabaranov/go-openai'),
  java('openai-java', '4.101.0', ['com.openai:openai-java']),
  java('langchain4j', '1.19.0', ['dev.langchain4j:langchain4j-open-ai']),
  java('spring-ai', '2.0.1', [
    'org.springframework.ai:spring-ai-openai',
    // as Spring Boot would choose it: the one that openai-java brings is too old for Spring AI's JSON
    'com.fasterxml.jackson.core:jackson-annotations:2.22',
  ]),
  rust('async-openai', '0.43.0', ['chat-completion', 'middleware']),
]
