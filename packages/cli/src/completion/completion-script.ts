import type { Command, Option } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** The names under which the tool is installed. */
const NAMES = ['ds', 'durable-stream'] as const

interface CompletedCommand {
  readonly names: readonly string[]
  readonly description: string
  readonly options: readonly Option[]
}

/** A script that completes commands and options; it is made from the commands themselves, so it knows all of them. */
export function completionScript(program: Command, shell: Shell): string {
  const shared = program.options.filter((option) => option.long !== '--version')
  const commands = program.commands.map((command) => ({
    names: [command.name(), ...command.aliases()],
    description: command.description(),
    options: [...command.options, ...shared],
  }))
  switch (shell) {
    case 'bash':
      return bashScript(commands)
    case 'zsh':
      return zshScript(commands)
    case 'fish':
      return fishScript(commands)
  }
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(
    ({ names, options }) => `      ${names.join('|')}) words='${flagsOf(options).join(' ')}' ;;`,
  )
  return `# Completion of ds for bash
_ds_complete() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command='' word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      ${namesOf(commands).join('|')}) command="$word"; break ;;
    esac
  done
  if [[ -z "$command" ]]; then
    words='${[...namesOf(commands), 'help', '--help', '--version'].join(' ')}'
  else
    case "$command" in
${cases.join('\n')}
    esac
    [[ "$current" == -* ]] || words=''
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _ds_complete ${NAMES.join(' ')}
`
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const list = commands.map(({ names, description }) => `    '${names[0]!}:${quoted(description)}'`)
  const cases = commands.map(({ names, options }) => {
    const specs = options.map(
      (option) =>
        `        '${option.long!}[${bracketed(option.description)}]${option.required ? ':value:_files' : ''}'`,
    )
    return `      ${names.join('|')})\n        _arguments \\\n${specs.join(' \\\n')} \\\n        '*:stream:_files' ;;`
  })
  return `#compdef ${NAMES.join(' ')}
# Completion of ds for zsh
_ds() {
  local -a commands
  commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
  else
    local command="$words[2]"
    shift words
    (( CURRENT-- ))
    case "$command" in
${cases.join('\n')}
    esac
  fi
}
if [[ "$funcstack[1]" == _ds ]]; then _ds "$@"; else compdef _ds ${NAMES.join(' ')}; fi
`
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = NAMES.flatMap((name) => [
    ...commands.map(
      ({ names, description }) =>
        `complete -c ${name} -n __fish_use_subcommand -f -a ${names[0]!} -d '${quoted(description)}'`,
    ),
    ...commands.flatMap(({ names, options }) =>
      options.map((option) => {
        const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`
        const value = option.required ? ' -r' : ''
        return `complete -c ${name} -n '__fish_seen_subcommand_from ${names.join(' ')}'${short} -l ${option.long!.slice(2)}${value} -d '${quoted(option.description)}'`
      }),
    ),
  ])
  return `# Completion of ds for fish\n${lines.join('\n')}\n`
}

function namesOf(commands: readonly CompletedCommand[]): string[] {
  return commands.flatMap(({ names }) => names)
}

function flagsOf(options: readonly Option[]): string[] {
  return options.flatMap(({ short, long }) => [short, long]).filter((flag) => flag !== undefined)
}

function quoted(text: string): string {
  return text.replaceAll("'", '')
}

function bracketed(text: string): string {
  return quoted(text).replace(/[[\]:]/g, ' ')
}
