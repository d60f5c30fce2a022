import { Argument, type Command } from 'commander'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { completionScript, SHELLS, type Shell } from '../completion/completion-script.js'

export function addCompletionCommand(program: Command, { start }: CommandSurroundings): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS))
    .addHelpText(
      'after',
      examples(
        'ds completion bash >> ~/.bashrc',
        'ds completion zsh > "${fpath[1]}/_ds"',
        'ds completion fish > ~/.config/fish/completions/ds.fish',
      ),
    )
    .action((shell: Shell, _options: object, self: Command) =>
      start(self, (session) => session.host.out.write(completionScript(program, shell))),
    )
}
