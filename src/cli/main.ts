#!/usr/bin/env node
import { Command } from 'commander';
import { commands, groups } from './command-table.js';
import { helpWidth, reflow } from './wrap.js';

async function main(argv: readonly string[]): Promise<void> {
  const { version } = await import('./version.js');
  const program = new Command('descent')
    .configureHelp({ helpWidth: helpWidth(), boxWrap: reflow })
    .description('From raw text to an aligned chat model of your own.')
    .helpOption('-h, --help', 'what there is')
    .version(version, '-v, --version', 'the version')
    .showHelpAfterError('--help shows what there is.');
  const parents = new Map<string, Command>();
  for (const [name, { summary, load, variants }] of Object.entries(commands)) {
    const [first, second] = name.split(' ') as [string, string?];
    let parent = program;
    if (second !== undefined) {
      parent = parents.get(first) ?? program.command(first).description(groups[first]!);
      parents.set(first, parent);
    }
    const command = parent.command(second ?? first);
    if (argv[0] === first && (second === undefined || argv[1] === second)) {
      const { addCommand } = await import('./run-command.js');
      const asksForHelp = argv.includes('--help') || argv.includes('-h');
      const word = argv[1];
      if (variants !== undefined && word !== undefined && !word.startsWith('-')) {
        const definition = (await variants()).variants.commandFor(word);
        await addCommand(command, definition, { name: `${name} ${word}`, asksForHelp });
      } else {
        await addCommand(command, (await load()).command, { name, asksForHelp });
      }
    } else {
      command.description(summary);
    }
  }
  await program.parseAsync([...argv], { from: 'user' });
}

// A reader that has seen enough, as in `descent data inspect | head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

main(process.argv.slice(2)).catch(async (error: unknown) => {
  const { reportError } = await import('./run-command.js');
  reportError(error);
});
