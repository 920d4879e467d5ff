/** What a shell completes behind `balanced-call`: commands, then the options of the command that was named. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

interface Word {
  name: string
  about: string
  /** Does a value follow? Else another option may. */
  takes: boolean
}

/** What is completed: as the commands' own help has it. */
export type Completed = Record<string, { summary: string; usage: string; options: Record<string, string> }>

export function completionScript(shell: Shell, commands: Completed): string {
  const known = Object.entries(commands).map(([name, { summary, usage, options }]) => ({
    name,
    about: summary,
    actions: actionsOf(usage),
    options: Object.entries(options).flatMap(optionsOf),
  }))
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](known)
}

interface Known {
  name: string
  about: string
  /** What may stand first behind the command. */
  actions: string[]
  options: Word[]
}

/** From `-v, --verbose`, `--port N` or `--rpm, --tpm N`. */
function optionsOf([written, about]: [string, string]): Word[] {
  const takes = /--[\w-]+ \S/.test(written)
  return (written.match(/--[\w-]+/g) ?? []).map((name) => ({ name, about, takes }))
}

/** From `keys create|list [NAME]`. */
function actionsOf(usage: string): string[] {
  return /^\S+ ([a-z-]+(?:\|[a-z-]+)+) /.exec(usage)?.[1]?.split('|') ?? []
}

function bashScript(commands: Known[]): string {
  const cases = commands.map(
    ({ name, actions, options }) =>
      `    ${name}) words="${names([...options, HELP])}" actions="${actions.join(' ')}" ;;`,
  )
  return `# balanced-call completion bash >> ~/.bashrc
_balanced_call() {
  local word=\${COMP_WORDS[COMP_CWORD]} words actions=
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
    *) words="${names(commands)}" ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${names(commands)} --help --version" actions=
  [ "$COMP_CWORD" -eq 2 ] && [ "\${word#-}" = "$word" ] && [ -n "$actions" ] && words=$actions
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [ "\${#COMPREPLY[@]}" -eq 0 ] && COMPREPLY=($(compgen -f -- "$word"))
}
complete -F _balanced_call balanced-call
`
}

function zshScript(commands: Known[]): string {
  const list = commands.map(({ name, about }) => `    ${quoted(`${name}:${about}`)}`)
  const cases = commands.map(({ name, actions, options }) => {
    const specs = [...options, HELP].map((option) =>
      quoted(`${option.name}[${option.about.replaceAll(/[[\]:]/g, ' ')}]${option.takes ? ':value:_files' : ''}`),
    )
    const first = actions.length > 0 ? ` ${quoted(`1:action:(${actions.join(' ')})`)}` : ''
    return `    ${name}) _arguments ${specs.join(' ')}${first} '*:file:_files' ;;`
  })
  return `#compdef balanced-call
# balanced-call completion zsh > "\${fpath[1]}/_balanced-call"
_balanced_call() {
  local -a commands=(
${list.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=\${words[2]}
  shift words
  ((CURRENT--))
  case $command in
${cases.join('\n')}
  esac
}
compdef _balanced_call balanced-call
`
}

function fishScript(commands: Known[]): string {
  const lines = commands.flatMap(({ name, about, actions, options }) => [
    `complete -c balanced-call -n __fish_use_subcommand -f -a ${name} -d ${quoted(about)}`,
    ...(actions.length > 0
      ? [`complete -c balanced-call -n '__fish_seen_subcommand_from ${name}' -a ${quoted(actions.join(' '))}`]
      : []),
    ...options.map(
      (option) =>
        `complete -c balanced-call -n '__fish_seen_subcommand_from ${name}' -l ${option.name.slice(2)}` +
        `${option.takes ? ' -r' : ''} -d ${quoted(option.about)}`,
    ),
  ])
  return `# balanced-call completion fish > ~/.config/fish/completions/balanced-call.fish\n${lines.join('\n')}\n`
}

const HELP: Word = { name: '--help', about: 'options, with an example', takes: false }

function names(words: readonly { name: string }[]): string {
  return words.map(({ name }) => name).join(' ')
}

/** Single quotes of a shell end at the next one, whatever stands before it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
